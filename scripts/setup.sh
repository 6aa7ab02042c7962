#!/usr/bin/env bash
# Makes .venv with everything pinned, llama.cpp and its GGUF converters. Run through `make setup`,
# which skips it when nothing changed.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Lamina needs Python 3.11 or newer, found $("$python" --version); name one with PYTHON=..." >&2
    exit 1
}
if [ ! -x .venv/bin/python ]; then
    echo "setup: a virtual environment in .venv"
    "$python" -m venv .venv
fi
exec .venv/bin/python scripts/install.py
