"""Takes llama.cpp's GGUF converters out of llama-cpp-python's source distribution.

usage: unpack_converters.py SDIST.tar.gz FOLDER
"""

import shutil
import sys
import tarfile
from pathlib import Path

WANTED = (
    "convert_hf_to_gguf.py", "convert_lora_to_gguf.py", "conversion/", "gguf-py/gguf/", "LICENSE",
)  # fmt: skip


def unpack(archive: Path, folder: Path) -> None:
    """Replace `folder` by the converters found in `archive`."""
    shutil.rmtree(folder, ignore_errors=True)
    with tarfile.open(archive) as tar:
        for member in tar:
            _, _, name = member.name.partition("/vendor/llama.cpp/")
            content = tar.extractfile(member)  # files alone: no links, no modes
            if content and name.startswith(WANTED) and ".." not in name.split("/"):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content.read())


if __name__ == "__main__":
    unpack(Path(sys.argv[1]), Path(sys.argv[2]))
