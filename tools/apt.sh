#!/usr/bin/env bash
# Installs what is missing of apt-packages.txt, without starting any of it as a service of the system.
#   tools/apt.sh [--tell]    --tell only says what is missing
set -euo pipefail
cd "$(dirname "$0")/.."

installed() { [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# python3-venv is for tools/venv.sh, which knows whether the Python in use needs it.
missing() {
    local package
    for package in $(sed -e 's/#.*//' -e '/^python3-venv/d' apt-packages.txt); do
        [ "$package" = npm ] && command -v npm >/dev/null && continue # Node's own packages for Debian have it in them
        installed "$package" || echo "$package"
    done
}

# What Debian's scripts look at: no service starts, and no cluster of PostgreSQL is made.
policy=/usr/sbin/policy-rc.d
clusters=/etc/postgresql-common/createcluster.d
prepare='
    set -e
    undo() { rm -f "$made" "$log" "$clusters/hotplate.conf"; rmdir -p "$clusters" 2>/dev/null || true; }
    made= log=
    trap undo EXIT
    if [ ! -e "$policy" ]; then
        made=$policy
        printf "#!/bin/sh\nexit 101\n" > "$policy"
        chmod +x "$policy"
    fi
    mkdir -p "$clusters"
    echo "create_main_cluster = false" > "$clusters/hotplate.conf"
    log=$(mktemp)
    { apt-get -qq -o Acquire::Retries=3 update &&
        apt-get -qq -o Acquire::Retries=3 install --yes --no-install-recommends "$@"; } >"$log" 2>&1 ||
        { tail -n 20 "$log" >&2; exit 1; }
'

command -v apt-get >/dev/null && command -v dpkg-query >/dev/null || exit 0
mapfile -t packages < <(missing)
[ "${#packages[@]}" -gt 0 ] || exit 0
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo -n)
if [ "${1:-}" = --tell ] || ! "${as_root[@]}" true 2>/dev/null; then
    echo "Some tests skip without: sudo apt-get install ${packages[*]}    (or tools/apt.sh)"
    exit 0
fi
echo "Installing with apt-get: ${packages[*]}"
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "policy=$policy" "clusters=$clusters" \
    bash -c "$prepare" apt "${packages[@]}"
