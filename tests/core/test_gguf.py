"""The header reader: exact on what is sound, one kind of error on what is not."""

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamina.errors import DamagedError, NotFoundError
from lamina.gguf import read_f32, read_header


def _string(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def _sound() -> bytes:
    keys = _string("general.architecture") + struct.pack("<I", 8) + _string("llama")
    keys += _string("llama.block_count") + struct.pack("<II", 4, 2)
    keys += _string("list") + struct.pack("<IIQ3i", 9, 5, 3, 1, -2, 3)
    keys += _string("names") + struct.pack("<IIQ", 9, 8, 2) + _string("a") + _string("ü")
    tensor = _string("output_norm.weight") + struct.pack("<IQIQ", 1, 3, 0, 0)
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 4) + keys + tensor
    head += bytes(-len(head) % 32)
    return head + struct.pack("<3f", 1.0, 2.0, 3.0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(_sound())
    return path


def test_metadata_of_every_shape_is_read(file: Path) -> None:
    header = read_header(file)

    assert header.metadata == {
        "general.architecture": "llama",
        "llama.block_count": 2,
        "list": [1, -2, 3],
        "names": ["a", "ü"],
    }


def test_a_float_tensor_is_read_where_the_directory_says(file: Path) -> None:
    raw = read_f32(read_header(file), "output_norm.weight")

    assert struct.unpack("<3f", raw or b"") == (1.0, 2.0, 3.0)


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="check the path"):
        read_header(tmp_path / "absent.gguf")


def test_an_empty_file_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "empty.gguf").touch()

    with pytest.raises(DamagedError, match="it is empty"):
        read_header(tmp_path / "empty.gguf")


@given(st.integers(0, len(_sound()) - 13))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
def test_a_file_cut_anywhere_in_the_header_is_damaged(tmp_path: Path, length: int) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(_sound()[:length])

    with pytest.raises(DamagedError):
        read_header(path)


@given(st.integers(0, len(_sound()) - 1), st.integers(0, 255))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
def test_any_changed_byte_is_read_or_refused_but_never_crashes(
    tmp_path: Path, at: int, value: int
) -> None:
    content = bytearray(_sound())
    content[at] = value
    path = tmp_path / "mutated.gguf"
    path.write_bytes(content)

    try:
        read_header(path)
    except DamagedError as refused:
        assert "no sound GGUF file" in str(refused)  # noqa: PT017 - both outcomes are right


def test_a_claim_of_a_billion_tensors_is_refused_without_reading_them(tmp_path: Path) -> None:
    path = tmp_path / "greedy.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 0))

    with pytest.raises(DamagedError, match="tensors"):
        read_header(path)
