# Everything a person types. Each target sets up what it needs first; repeating it does no harm.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

SETUP := firmware_configs/setup/setup.sh
BIN := .venv/bin
STAMPS := build/stamps
PYTEST := $(BIN)/python -m pytest

.PHONY: help demo test long bench fleet bundle check setup clean constraints schema system-demo system-test

help:
	@echo "make demo          a small court on emulated hardware, in your browser (Ctrl-C stops it)"
	@echo "make demo ONCE=1   the main job once, without a person; exit 0 if it all held"
	@echo "make test          set up, check and test (under 15 minutes)"
	@echo "make long          the tests that take longer: kills, backlogs, both databases"
	@echo "make bench         figures, printed and in build/bench.json"
	@echo "make fleet N=1000  so many light gateways at one central; figures printed"
	@echo "make bundle        an offline installer for closed networks, in dist/"
	@echo "make check         ruff, mypy, import-linter"
	@echo "make setup         set up only"
	@echo "make clean         remove everything that was made here"

demo: system-demo $(STAMPS)/environment $(STAMPS)/assets
	@exec $(SETUP) with_ptys $(BIN)/courtside-central demo $(if $(ONCE),--once)

test: setup check
	@exec $(SETUP) with_ptys $(PYTEST) -n 3 --dist loadfile --no-loadscope-reorder -m "not long"

long: setup
	@exec $(SETUP) with_ptys $(PYTEST) -m long

# N light gateways at one central, each with ten devices; EVERY seconds a heartbeat. N=10000 needs memory and patience.
fleet: setup
	@ulimit -n $$(ulimit -Hn) 2>/dev/null; exec $(SETUP) with_ptys env N=$(or $(N),100) EVERY=$(or $(EVERY),60) $(BIN)/python -m tests.fleet

bench: setup
	@exec $(SETUP) with_ptys $(BIN)/python -m tests.bench

bundle: setup
	@$(SETUP) bundle

check: $(STAMPS)/environment
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache | tail -n 2

setup: system-test $(STAMPS)/environment $(STAMPS)/assets

system-demo:
	@$(SETUP) system demo

system-test:
	@$(SETUP) system test

$(STAMPS)/environment: pyproject.toml constraints.txt | $(STAMPS)
	@$(SETUP) environment
	@touch $@

$(STAMPS)/assets: package.json package-lock.json central/web/build.mjs central/web/icons.json | $(STAMPS)
	@$(SETUP) assets
	@touch $@

$(STAMPS):
	@mkdir -p $@

# For whoever changes pyproject.toml, a model of devices/, or adds a driver.
constraints: $(STAMPS)/environment
	@$(SETUP) constraints

schema: $(STAMPS)/environment
	@$(BIN)/python -m devices.schema firmware_configs/schema
	@$(BIN)/python -m gateway.device_table docs/devices.md

clean:
	@$(SETUP) clean
