"""Damaged and hostile layer files: an error, never a crash."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
import tiny_gguf

from lamina.errors import LaminaError
from lamina.serving.layers.adapter_file import check_adapter, read_base

HEADER_BYTES = 2600  # metadata and tensor directory of the tiny layer
CHILD = Path(__file__).with_name("load_layers.py")


def mutated(raw: bytes, chance: random.Random) -> bytes:
    """The file with a few bytes changed, a piece doubled or cut, or its end missing."""
    body = bytearray(raw)
    match chance.randrange(4):
        case 0:
            for _ in range(chance.randint(1, 4)):
                body[chance.randrange(HEADER_BYTES)] = chance.choice((0, 1, 4, 8, 9, 255))
        case 1:
            at = chance.randrange(HEADER_BYTES)
            body[at] ^= 1 << chance.randrange(8)
        case 2:
            at, size = chance.randrange(HEADER_BYTES), chance.randint(1, 64)
            body[at : at + size] = body[at : at + size] * chance.choice((0, 2))
        case _:
            del body[chance.randrange(len(body)) :]
    return bytes(body)


@pytest.mark.parametrize("seed", [1])
def test_what_the_checks_let_through_llama_cpp_survives(
    seed: int, tmp_path: Path, base_gguf: Path
) -> None:
    base = read_base(base_gguf)
    raw = tiny_gguf.write_layer(tmp_path / "L.gguf", base_gguf, seed=5, passport=None).read_bytes()
    chance = random.Random(seed)
    passed = []
    for number in range(1500):
        path = tmp_path / f"{number}.gguf"
        path.write_bytes(mutated(raw, chance))
        try:
            check_adapter(path, base)
        except LaminaError:
            path.unlink()
        else:
            passed.append(str(path))
    ended = subprocess.run(
        [sys.executable, str(CHILD), str(base_gguf)],
        input="\n".join(passed),
        capture_output=True,
        text=True,
        check=False,
    )

    assert passed, "no mutation was harmless: the test tries nothing"
    assert ended.returncode == 0, f"died after {ended.stdout.splitlines()[-1:]}: {ended.stderr}"
