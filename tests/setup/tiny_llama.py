"""A source distribution called llama-cpp-python that builds in an instant, and its wheel."""

import io
import tarfile
import zipfile
from pathlib import Path

VERSION = "0.0.1"
NAME = f"llama_cpp_python-{VERSION}"
METADATA = f"Metadata-Version: 2.1\nName: llama_cpp_python\nVersion: {VERSION}\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
PROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
# Says what a build of ninja's says, and puts each build on record where the test asks for it.
BACKEND = f"""
import os, pathlib, tiny_llama

def prepare_metadata_for_build_wheel(folder, settings=None):
    info = pathlib.Path(folder) / "{NAME}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(tiny_llama.METADATA)
    return info.name

def build_wheel(folder, settings=None, metadata=None):
    with open(os.environ["BUILDS"], "a") as record:
        record.write(os.environ["CMAKE_ARGS"] + "\\n")
    print("[1/2] cc -o ggml.o", "[2/2] cc -o llama.so", sep="\\n", flush=True)
    return tiny_llama.wheel(pathlib.Path(folder), "built").name
"""


def wheel(folder: Path, says: str) -> Path:
    """A wheel whose module says where it comes from."""
    path = folder / f"{NAME}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("llama_cpp.py", f"origin = {says!r}\n")
        archive.writestr(f"{NAME}.dist-info/METADATA", METADATA)
        archive.writestr(f"{NAME}.dist-info/WHEEL", WHEEL)
        archive.writestr(f"{NAME}.dist-info/RECORD", "")
    return path


def sdist(folder: Path) -> Path:
    """The source distribution, with one of the converters in the place where they lie."""
    files = {
        "PKG-INFO": METADATA,
        "pyproject.toml": PROJECT,
        "backend.py": BACKEND,
        "tiny_llama.py": Path(__file__).read_text(),
        "vendor/llama.cpp/convert_lora_to_gguf.py": "",
    }
    path = folder / f"{NAME}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"{NAME}/{name}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return path
