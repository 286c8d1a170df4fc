#!/usr/bin/env bash
# Puts into .venv what one make target needs: the application, and a dependency group where one is named.
#   tools/venv.sh [GROUP]
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
pip=(.venv/bin/python -m pip --quiet --disable-pip-version-check)

fail() { printf '%s\n' "$@" >&2; exit 1; }

need_python() {
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return
    fail "Hotplate needs Python 3.11 or newer; '$python' is $("$python" -V 2>&1 || true)." \
        "Name another one: make PYTHON=python3.12 …"
}

need_venv() {
    "$python" -c 'import ensurepip, venv' 2>/dev/null && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "python3-venv is missing: installing it with apt-get"
        apt-get -qq update && apt-get -qq install -y python3-venv >/dev/null
    else
        fail "Python's venv is missing. On Debian or Ubuntu: sudo apt-get install python3-venv"
    fi
}

make_venv() {
    need_python
    need_venv
    echo "Making .venv with $("$python" -V)"
    "$python" -m venv --clear .venv
    "${pip[@]}" install --constraint constraints.txt pip
}

# A folder without the interpreter it was made from (an upgraded system) is made anew.
.venv/bin/python -c '' 2>/dev/null || make_venv
echo "Installing hotplate${1:+ with what \"$1\" needs}"
"${pip[@]}" install --constraint constraints.txt --build-constraint constraints.txt --editable . ${1:+--group "$1"}
touch ".venv/.${1:-app}"
