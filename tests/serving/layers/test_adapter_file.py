import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tiny_gguf

from lamina.errors import DamagedError, MismatchError, NotFoundError
from lamina.serving.layers.adapter_file import BaseProfile, check_adapter, read_base

Write = Callable[..., Path]


@pytest.fixture(scope="module")
def base(base_gguf: Path) -> BaseProfile:
    return read_base(base_gguf)


@pytest.fixture
def write(tmp_path: Path, base_gguf: Path) -> Write:
    def layer(name: str = "L", **options: object) -> Path:
        return tiny_gguf.write_layer(tmp_path / f"{name}.gguf", base_gguf, seed=5, **options)

    return layer


def test_a_sound_layer_tells_its_rank_alpha_and_passport(write: Write, base: BaseProfile) -> None:
    facts = check_adapter(write(), base)

    assert (facts.rank, facts.alpha, facts.passport.layer) == (4, 8.0, "L")


def test_a_layer_without_passport_is_taken_by_shape(write: Write, base: BaseProfile) -> None:
    assert check_adapter(write(passport=None), base).passport is None


def test_a_layer_for_another_base_of_the_same_shape_is_refused(
    tmp_path: Path, base: BaseProfile
) -> None:
    other = tiny_gguf.write_base(tmp_path / "other.gguf", seed=2)
    path = tiny_gguf.write_layer(tmp_path / "L.gguf", other, seed=5)

    with pytest.raises(MismatchError, match="trained on other"):
        check_adapter(path, base)


def test_a_layer_of_another_architecture_is_refused(write: Write, base: BaseProfile) -> None:
    with pytest.raises(MismatchError, match="architecture"):
        check_adapter(write(architecture="qwen2"), base)


def test_a_layer_of_another_shape_is_refused(write: Write, base: BaseProfile) -> None:
    with pytest.raises(MismatchError, match="does not fit"):
        check_adapter(write(hidden=32, passport=None), base)


def test_a_merged_model_takes_no_layers(tmp_path: Path, write: Write) -> None:
    merged = tiny_gguf.write_base(tmp_path / "merged.gguf", lamina__layers='["level1"]')

    with pytest.raises(MismatchError, match="already contains the layers level1"):
        check_adapter(write(), read_base(merged))


def test_a_layer_of_zeros_is_refused_as_without_effect(write: Write, base: BaseProfile) -> None:
    with pytest.raises(DamagedError, match="no effect"):
        check_adapter(write(strength=0.0), base)


def test_a_layer_with_values_that_are_no_numbers_is_refused(
    write: Write, base: BaseProfile
) -> None:
    with pytest.raises(DamagedError, match="no numbers"):
        check_adapter(write(strength=np.nan), base)


def test_an_activated_lora_is_refused_by_its_kind(write: Write, base: BaseProfile) -> None:
    """It counts only from its invocation tokens on, and is no plain layer without them."""
    with pytest.raises(DamagedError, match=r"L\.gguf is an activated LoRA"):
        check_adapter(write(invoked_by=(1, 2)), base)


def test_a_base_is_no_layer(base_gguf: Path, base: BaseProfile) -> None:
    with pytest.raises(DamagedError, match="no LoRA layer"):
        check_adapter(base_gguf, base)


def test_a_layer_cut_short_is_refused(write: Write, base: BaseProfile) -> None:
    path = write()
    os.truncate(path, path.stat().st_size - 1000)

    with pytest.raises(DamagedError):
        check_adapter(path, base)


def test_a_missing_file_is_not_found(tmp_path: Path, base: BaseProfile) -> None:
    with pytest.raises(NotFoundError):
        check_adapter(tmp_path / "none.gguf", base)


def test_a_text_value_of_another_type_is_refused_before_llama_cpp_aborts(
    write: Write, base: BaseProfile
) -> None:
    path = write()
    raw = path.read_bytes()
    key = b"adapter.type"
    at = raw.index(key) + len(key)
    path.write_bytes(raw[:at] + (4).to_bytes(4, "little") + raw[at + 4 :])  # uint32, not text

    with pytest.raises(DamagedError):
        check_adapter(path, base)
