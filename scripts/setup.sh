#!/usr/bin/env bash
# Makes .venv: pinned packages, llama-cpp-python built from its source distribution, and that
# distribution's GGUF converters. Run through `make setup`, which skips it when nothing changed.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Lamina needs Python 3.11 or newer, found $("$python" --version); name one with PYTHON=..." >&2
    exit 1
}
for tool in c++ make; do
    command -v "$tool" >/dev/null || {
        echo "Lamina builds llama.cpp and needs $tool; install a C++ compiler and make" >&2
        exit 1
    }
done

llama_version=$(sed -n 's/^llama_cpp_python==//p' constraints.txt)
sources=.venv/share/sources
converters=.venv/share/llama.cpp
pip() { .venv/bin/python -m pip --disable-pip-version-check --quiet "$@"; }

[ -x .venv/bin/python ] || "$python" -m venv .venv

if [ "$(cat "$converters/VERSION" 2>/dev/null)" != "$llama_version" ]; then
    echo "setup: building llama-cpp-python $llama_version from source (4 minutes on 2 cores)"
    mkdir -p "$sources"
    pip download --no-deps --no-binary llama-cpp-python \
        --dest "$sources" "llama-cpp-python==$llama_version"
    # llama.cpp's AMX kernels crash on virtual machines that show AMX but do not let it be used.
    case "$(uname -m)" in
        x86_64) amx="-mno-amx-int8 -mno-amx-tile" ;;
        *) amx="" ;;
    esac
    # Without its part for pictures, which takes a sixth of the build.
    CFLAGS=${CFLAGS:-$amx} CXXFLAGS=${CXXFLAGS:-$amx} CMAKE_ARGS="-DLLAVA_BUILD=OFF ${CMAKE_ARGS:-}" \
    CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)} \
        pip install --no-deps --force-reinstall "$sources"/llama_cpp_python-"$llama_version".tar.gz
    .venv/bin/python scripts/unpack_converters.py \
        "$sources"/llama_cpp_python-"$llama_version".tar.gz "$converters"
    echo "$llama_version" >"$converters/VERSION"
fi

echo "setup: installing the pinned packages"
pip install --constraint constraints.txt --editable '.[train,serve,demo,s3,dask,postgres,up,dev]'
