#!/usr/bin/env bash
# Resolves every dependency anew in an environment of its own and writes constraints.txt.
set -euo pipefail
cd "$(dirname "$0")/.."
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
"${PYTHON:-python3}" -m venv "$room"
"$room/bin/pip" install --quiet --disable-pip-version-check --upgrade pip
"$room/bin/pip" install --quiet --editable . --group dev --group docs --group bench trove-classifiers
{
    sed -n '/^#/p' constraints.txt
    "$room/bin/pip" freeze --all --exclude-editable | grep -v '^setuptools==' | sort --ignore-case
} > "$room/constraints.txt"
cp "$room/constraints.txt" constraints.txt
