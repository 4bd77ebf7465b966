#!/usr/bin/env bash
# Installs Courtside without a network into an environment of its own: ./install.sh [FOLDER], /opt/courtside if none is named.
set -eu -o pipefail
cd "$(dirname "$0")"
into=${1:-/opt/courtside}
python=${PYTHON:-python3}

say() { echo "install: $*"; }

sha256sum --check --quiet SHA256SUMS || { say "this bundle is damaged; copy it again" >&2; exit 1; }
if command -v dpkg-query >/dev/null; then
    missing=""
    while read -r package; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
    done <packages.txt
    [ -z "$missing" ] || say "install these from your Debian mirror or DVD as well, where they are needed:$missing"
fi
"$python" -c 'import ensurepip, venv' || { say "python3-venv is missing" >&2; exit 1; }
mkdir -p "$into"
"$python" -m venv "$into/.venv"
"$into/.venv/bin/python" -m pip install -qq --disable-pip-version-check --no-index --find-links wheels -c constraints.txt courtside ||
    { say "the wheels are for another Python or machine than $("$python" --version) on $(uname -m)" >&2; exit 1; }
cp -r docs systemd udev gateways "$into"
say "$("$into/.venv/bin/courtside-gateway" drivers | wc -l) drivers, in $into/.venv; go on with $into/docs/operations.md"
