#!/usr/bin/env bash
# What the Makefile needs of a machine: system packages, a virtual environment, the browser's assets. Says what it does.
set -eu -o pipefail
cd "$(dirname "$0")/../.."

say() { echo "setup: $*"; }

find_python() { # the first Python >= 3.11 on the path
    local name
    for name in python3 python3.11 python3.12 python3.13 python3.14; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    return 1
}

missing_for() { # Debian packages without which `make demo` or `make test` cannot work here
    local python
    find_python >/dev/null || echo python3
    python=$(find_python || true)
    [ -n "$python" ] && "$python" -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
    [ -e /etc/ssl/certs/ca-certificates.crt ] || echo ca-certificates
    PATH=$PATH:/usr/sbin command -v mosquitto >/dev/null || echo mosquitto
    command -v node >/dev/null || echo nodejs
    command -v npm >/dev/null || echo npm
    # SANE's binding for Python is built here
    command -v gcc >/dev/null && [ -e /usr/include/stdio.h ] || echo gcc libc6-dev
    [ -n "$python" ] && "$python" -c 'import os, sys, sysconfig as c; sys.exit(not os.path.exists(c.get_path("include") + "/Python.h"))' ||
        echo python3-dev
    [ -e /usr/include/sane/sane.h ] || echo libsane-dev
    [ -n "$(find /usr/lib -name 'libsane-airscan.so*' -print -quit 2>/dev/null)" ] || echo sane-airscan # emulated scanners
    command -v ffmpeg >/dev/null || echo ffmpeg
    command -v openssl >/dev/null || echo openssl # signatures by certificate
    command -v pulseaudio >/dev/null && command -v pacat >/dev/null || echo pulseaudio pulseaudio-utils # microphones without a sound card
    [ -n "$(find /usr/share/tesseract-ocr -name chi_sim.traineddata -print -quit 2>/dev/null)" ] ||
        echo tesseract-ocr tesseract-ocr-chi-sim
    [ -n "$(find /usr/share/fonts -name 'NotoSansCJK*' -print -quit 2>/dev/null)" ] || echo fonts-noto-cjk
    PATH=$PATH:/usr/sbin ldconfig -p | grep -q libGL.so.1 || echo libgl1 # RapidOCR's image library is linked to it
    PATH=$PATH:/usr/sbin ldconfig -p | grep -q libgthread-2.0 || echo libglib2.0-0
    [ "$1" = demo ] && return
    command -v mosquitto_sub >/dev/null || echo mosquitto-clients
    command -v scanimage >/dev/null || echo sane-utils
    command -v qpdf >/dev/null || echo qpdf
    command -v soffice >/dev/null || echo libreoffice-writer-nogui # Word documents in dossiers
    command -v pdftotext >/dev/null || echo poppler-utils
    command -v chromium >/dev/null || echo chromium
    command -v chromium-headless-shell >/dev/null || echo chromium-headless-shell
    [ -n "$(find /usr/lib/postgresql -name initdb -print -quit 2>/dev/null)" ] || echo postgresql
}

apt_install() { # runs as root; $1 is "sudo" or ""
    local as=$1 policy=/usr/sbin/policy-rc.d
    shift
    if [ ! -e $policy ]; then # Debian asks this file before it starts a freshly installed service
        printf '#!/bin/sh\nexit 101\n' | $as tee $policy >/dev/null
        $as chmod 755 $policy
        trap "$as rm -f $policy" EXIT
    fi
    $as apt-get -q update >build/apt.log 2>&1 || { tail -n 5 build/apt.log >&2; return 1; }
    $as env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "$@" >>build/apt.log 2>&1 ||
        { tail -n 20 build/apt.log >&2; return 1; }
}

system() {
    local packages as=""
    packages=$(missing_for "$1" | tr '\n' ' ')
    [ -n "$packages" ] || return 0
    if ! command -v apt-get >/dev/null; then
        say "please install what Debian calls: $packages" >&2
        exit 1
    fi
    if [ "$(id -u)" != 0 ]; then
        as=sudo
        if ! command -v sudo >/dev/null || { ! sudo -n true 2>/dev/null && [ ! -t 0 ]; }; then
            say "these packages are missing and neither root nor sudo is here; run as root, then repeat:" >&2
            echo "    apt-get update && apt-get install -y --no-install-recommends $packages" >&2
            exit 1
        fi
    fi
    mkdir -p build
    say "installing with apt: $packages(log: build/apt.log)"
    # shellcheck disable=SC2086
    apt_install "$as" $packages
    case "$packages" in
    *mosquitto* | *postgresql*) say "services that came along were not started; we run our own on free ports" ;;
    esac
}

environment() {
    local python
    python=$(find_python)
    if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        say "virtual environment in .venv with $("$python" --version)"
        "$python" -m venv --clear .venv
    fi
    say "Python packages as pinned in constraints.txt"
    PIP_CONSTRAINT=constraints.txt .venv/bin/python -m pip install -qq --disable-pip-version-check -e '.[dev]'
}

assets() {
    say "assets for the browser by npm"
    npm ci --silent --no-audit --no-fund
    npm run --silent build
}

constraints() { # what is pinned stays so; to move a version, take its line out first
    local made=build/constraints.txt
    mkdir -p build
    cp constraints.txt $made
    .venv/bin/pip-compile --quiet --all-extras --strip-extras --allow-unsafe --no-header --annotation-style=line \
        --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options \
        --output-file=$made pyproject.toml
    {
        echo "# Versions everything is tested with; made by 'make constraints' from pyproject.toml."
        cat $made
    } >constraints.new
    mv constraints.new constraints.txt
}

gateway_packages() { # what a gateway imports, without what only central needs; their own needs come along
    .venv/bin/python - <<'PYTHON'
import sys
from importlib.metadata import packages_distributions

import grimp

graph = grimp.build_graph("devices", "drivers", "gateway", include_external_packages=True, cache_dir=None)
outside = {name for name in graph.modules if graph.is_module_squashed(name)} - sys.stdlib_module_names
print(*sorted({package for name in outside for package in packages_distributions().get(name, [])}))
PYTHON
}

bundle() { # an offline installer: wheels, list of system packages, units, script; and the release for gateways
    local name made=${1:-build/bundle} dist=${2:-dist}
    rm -rf "$made" build/lib build/bdist.* # else a file that is gone from here would still be in the wheel
    mkdir -p "$made/wheels" "$made/gateway" "$dist"
    say "wheels of all that constraints.txt names"
    .venv/bin/python -m pip wheel -qq --disable-pip-version-check -c constraints.txt -w "$made/wheels" .
    name=$(basename "$made"/wheels/courtside-*.whl .whl | cut -d- -f1,2)
    # shellcheck disable=SC2046
    .venv/bin/python -m pip wheel -qq --disable-pip-version-check --no-index --find-links "$made/wheels" \
        -c constraints.txt -w "$made/gateway" $(gateway_packages)
    cp "$made"/wheels/courtside-*.whl "$made/gateway"
    .venv/bin/courtside-central software pack "$made/gateway" "$made/gateway-${name#courtside-}.zip"
    rm -r "$made/gateway"
    system_packages >"$made/packages.txt"
    cp -r docs firmware_configs/systemd firmware_configs/udev firmware_configs/gateways constraints.txt LICENSE "$made"
    cp firmware_configs/setup/offline/* "$made"
    (cd "$made" && find . -type f ! -name SHA256SUMS -print0 | sort -z | xargs -0 sha256sum >SHA256SUMS)
    tar -C "$made" --transform "s,^\.,$name," -cf "$dist/$name-offline.tar" .
    say "$dist/$name-offline.tar: $(du -h "$dist/$name-offline.tar" | cut -f1)"
}

system_packages() { # what running needs, of what `missing_for` knows; compilers and browser tools are for building
    sed -n '/^missing_for() {/,/\[ "$1" = demo \]/s/.*\becho \([a-z0-9.+ -]*\).*/\1/p' "$0" | tr ' ' '\n' |
        grep -vxE '|nodejs|npm|gcc|libc6-dev|python3-dev|libsane-dev|pulseaudio|pulseaudio-utils'
    echo libsane1
}

with_ptys() { # run a program where there are pseudo-terminals: emulated serial ports are some, and a bare chroot has none
    if .venv/bin/python -c 'import os; os.openpty()' 2>/dev/null; then
        exec "$@"
    fi
    say "no pseudo-terminals here; mounting some that only this program and its children see"
    # shellcheck disable=SC2016
    exec unshare --mount --propagation unchanged bash -c '
        mount --make-private /dev
        mount -t devpts -o newinstance,ptmxmode=0666 devpts /dev/pts && mount --bind /dev/pts/ptmx /dev/ptmx && exec "$@"
        echo "setup: that failed; mount devpts on /dev/pts, then repeat" >&2
        exit 1' with_ptys "$@"
}

clean() {
    rm -rf .venv build dist node_modules ./*.egg-info central/web/static/vendor \
        .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .grimp_cache
    find . -name __pycache__ -type d -prune -exec rm -rf {} +
    say "clean"
}

"$@"
