"""What other tools leave is taken over exactly, or refused with the reason."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tiny_gguf
from folders import write_folder

from lamina.errors import DamagedError, InvalidInputError, LaminaError, MismatchError, NotFoundError
from lamina.gguf import Header, read_header
from lamina.passport import Passport, identify_gguf
from lamina.peft_folders import FILE, import_folder
from lamina.store import Store

Import = Callable[..., Header]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Header:
    folder = tmp_path_factory.mktemp("base")
    return read_header(tiny_gguf.write_base(folder / "mistral-7b-instruct-v0.2.Q4_K_M.gguf"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def imported(store: Store, base: Header) -> Import:
    def take(folder: Path, name: str = "L", **choices: bool) -> Header:
        ref = import_folder(folder, name, base, store=store, **choices)
        return read_header(store.open(ref) / FILE)

    return take


def values(header: Header, name: str) -> np.ndarray:
    tensor = header.tensors[name]
    with header.path.open("rb") as file:
        file.seek(tensor.offset)
        count = int(np.prod(tensor.shape))
        return np.frombuffer(file.read(4 * count), "<f4").reshape(tensor.shape[::-1])


def test_a_folder_becomes_a_layer_with_a_passport_for_this_base(
    tmp_path: Path, imported: Import, base: Header
) -> None:
    header = imported(write_folder(tmp_path / "mine"))
    passport = Passport.from_gguf(header)

    assert passport is not None
    assert (passport.layer, passport.preset, passport.rank, passport.alpha) == (
        "L", "imported", 4, 8.0,
    )  # fmt: skip
    assert passport.base_fingerprint == identify_gguf(base).fingerprint
    assert passport.dataset is None
    assert header.number("adapter.lora.alpha") == 8.0


def test_the_same_content_is_converted_once(tmp_path: Path, imported: Import, store: Store) -> None:
    first = imported(write_folder(tmp_path / "one"))
    again = imported(write_folder(tmp_path / "two"))

    assert first.path == again.path
    assert len(list((store.root / "lora-gguf").iterdir())) == 1


def test_other_content_in_the_same_folder_is_another_layer(
    tmp_path: Path, imported: Import
) -> None:
    first = imported(write_folder(tmp_path / "one", seed=1))

    assert imported(write_folder(tmp_path / "one", seed=2)).path != first.path


@pytest.mark.parametrize("dtype", ["F16", "BF16"])
def test_half_precision_comes_out_as_the_same_numbers(
    tmp_path: Path, imported: Import, dtype: str
) -> None:
    name = "blk.0.attn_v.weight.lora_b"
    whole = values(imported(write_folder(tmp_path / "whole")), name)
    half = values(imported(write_folder(tmp_path / "half", dtype=dtype)), name)

    assert np.abs(half / whole - 1).max() < 0.008
    assert not np.array_equal(half, whole)


@pytest.mark.parametrize(
    ("old", "new"),
    [(".lora_A.", ".lora_A.default."), ("base_model.model.", ""), ("base_model.model.model.", "")],
)
def test_the_spellings_of_other_tools_are_read(
    tmp_path: Path, imported: Import, old: str, new: str
) -> None:
    usual = imported(write_folder(tmp_path / "usual"))
    other = imported(write_folder(tmp_path / "other", rename={old: new}))

    assert usual.tensors.keys() == other.tensors.keys()


REFUSED = [
    ({"use_dora": True}, InvalidInputError, "use_dora=True"),
    ({"bias": "all"}, InvalidInputError, "bias=all"),
    ({"modules_to_save": ["lm_head"]}, InvalidInputError, "modules_to_save"),
    ({"peft_type": "IA3"}, InvalidInputError, "peft_type=IA3"),
    ({"fan_in_fan_out": True}, InvalidInputError, "fan_in_fan_out"),
    ({"alora_invocation_tokens": [1]}, InvalidInputError, "alora_invocation_tokens"),
    ({"init_lora_weights": "pissa_niter_4"}, InvalidInputError, "pissa_niter_4"),
    ({"r": 0}, DamagedError, "no configuration"),
    ({"lora_alpha": "8"}, DamagedError, "no configuration"),
    ({"lora_alpha": float("nan")}, DamagedError, "no configuration"),
    ({"alpha_pattern": {"(a+)+$": 3}}, DamagedError, "no configuration"),
    ({"alpha_pattern": {"q_proj\\": 3}}, DamagedError, "no configuration"),
    ({"lora_alpha": "gone"}, DamagedError, "no configuration"),
]


@pytest.mark.parametrize(("config", "error", "said"), REFUSED)
def test_what_gguf_cannot_carry_is_refused_by_name(
    tmp_path: Path, imported: Import, config: dict, error: type[LaminaError], said: str
) -> None:
    with pytest.raises(error, match=said):
        imported(write_folder(tmp_path / "odd", **config))


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"hidden": 32}, MismatchError, "trained on another base"),
        ({"rename": {"layers.1": "layers.7"}}, MismatchError, "this base has not"),
        ({"rename": {"mlp.up_proj": "mlp.router"}}, InvalidInputError, "mlp.router"),
        ({"rename": {"lora_B": "lora_C"}}, InvalidInputError, "lora_C"),
        ({"rename": {"layers.0.mlp.up_proj.lora_B": "layers.1.mlp.up_proj.lora_B"}},
         DamagedError, "stands alone"),
    ],
)  # fmt: skip
def test_matrices_that_do_not_fit_this_base_are_refused(
    tmp_path: Path, imported: Import, options: dict, error: type[LaminaError], said: str
) -> None:
    with pytest.raises(error, match=said):
        imported(write_folder(tmp_path / "odd", **options))


@pytest.mark.parametrize(
    ("trained_on", "fits"),
    [
        ("mistralai/Mistral-7B-Instruct-v0.2", True),
        ("unsloth/mistral-7b-instruct-v0.2-bnb-4bit", True),
        ("/workspace/models/hf_mistral", True),
        ("./model", True),
        ("", True),
        ("mistralai/Mistral-7B-Instruct-v0.1", False),
        ("mistralai/Mistral-7B-v0.2", False),
        ("meta-llama/Llama-2-13b-chat-hf", False),
    ],
)
def test_a_layer_of_a_base_with_another_name_is_refused(
    tmp_path: Path, imported: Import, trained_on: str, fits: bool
) -> None:
    folder = write_folder(tmp_path / "named", base_model_name_or_path=trained_on)

    if fits:
        assert imported(folder).tensors
    else:
        with pytest.raises(MismatchError, match="--same-base"):
            imported(folder)


def test_who_knows_that_the_base_is_the_same_has_the_last_word(
    tmp_path: Path, imported: Import
) -> None:
    folder = write_folder(tmp_path / "named", base_model_name_or_path="x/Mistral-7B-v0.3")
    first = imported(folder, same_base=True)

    assert imported(folder).path == first.path


def tokenizer(folder: Path, changes: dict[int, str]) -> None:
    pieces = {number: piece for number, (piece, _, _) in enumerate(tiny_gguf.pieces())}
    vocabulary = {piece: number for number, piece in (pieces | changes).items()}
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocabulary}}))


def test_a_tokenizer_that_numbers_tokens_differently_is_refused(
    tmp_path: Path, imported: Import
) -> None:
    folder = write_folder(tmp_path / "other")
    tokenizer(folder, {300: "\u2581elsewhere"})

    with pytest.raises(MismatchError, match="another tokenizer: its token 300"):
        imported(folder)


def test_the_bases_own_tokenizer_and_tokens_behind_it_are_no_harm(
    tmp_path: Path, imported: Import
) -> None:
    folder = write_folder(tmp_path / "same")
    tokenizer(folder, {100_000: "<pad>"})

    assert imported(folder).tensors


def test_pickled_weights_are_not_read(tmp_path: Path, imported: Import) -> None:
    folder = write_folder(tmp_path / "pickled")
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")

    with pytest.raises(NotFoundError, match="safe_serialization"):
        imported(folder)


@pytest.mark.parametrize("keep", [0, 7, 300, -1])
def test_weights_that_are_cut_short_are_refused(
    tmp_path: Path, imported: Import, keep: int
) -> None:
    file = write_folder(tmp_path / "cut") / "adapter_model.safetensors"
    file.write_bytes(file.read_bytes()[:keep])

    with pytest.raises(DamagedError):
        imported(file.parent)


def test_a_deep_configuration_is_refused(tmp_path: Path, imported: Import) -> None:
    folder = write_folder(tmp_path / "deep")
    (folder / "adapter_config.json").write_text("[" * 100_000)

    with pytest.raises(DamagedError, match="no configuration"):
        imported(folder)
