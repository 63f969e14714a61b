#!/usr/bin/env bash
# Unpacks the hashed requirements on standard input, as wheels for Debian 12's Python, into site/ in the
# folder given, and keeps only what a program imports.
set -euo pipefail
out=$1
python=$2

cat >"$out/requirements.txt"
options=(--quiet --no-deps --require-hashes --only-binary :all: --python-version 3.11 --target "$out/site"
    --requirement "$out/requirements.txt")
if "$python" -c 'import pip' 2>/dev/null; then
    "$python" -m pip --disable-pip-version-check install --no-compile "${options[@]}"
elif command -v uv >/dev/null; then
    uv pip install --python "$python" "${options[@]}"
else
    echo "neither pip nor uv is there: run $python -m ensurepip" >&2
    exit 1
fi

cd "$out/site"
rm -rf bin locust/webui/dist
find . -depth -type d \( -name tests -o -name testing -o -name __pycache__ \) -exec rm -r {} +
find . -type f \( -name '*.pyi' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.[ch]' -o -name '*.cpp' \) -delete
sed -E 's|^([^=]+)==([^ ]+) .*|pkg:pypi/\1@\2|' "$out/requirements.txt" >packages.txt
