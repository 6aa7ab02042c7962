import dataclasses
import shutil
from pathlib import Path

import both_engines
import pytest
from both_engines import LLAMA_CPP_DIR, asked
from here import Here
from made import Made

from lamina.artifacts import ArtifactRef
from lamina.conversion.convert import convert_to_gguf
from lamina.errors import InvalidInputError, ResourceError
from lamina.gguf import read_header
from lamina.passport import BaseIdentity, identify_gguf
from lamina.progress import Silent
from lamina.prompts.folder import folder_prompts
from lamina.store import Store

pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture(scope="module")
def q4(miniature: Made) -> ArtifactRef:
    return miniature.gguf()


def converted(base: Path, identity: BaseIdentity, store: Store, **chosen: object) -> ArtifactRef:
    return convert_to_gguf(
        base, identity, store=store, progress=Silent(), llama_cpp_dir=LLAMA_CPP_DIR, **chosen
    )


def test_the_base_keeps_its_name_and_digest(
    store: Store, identity: BaseIdentity, q4: ArtifactRef
) -> None:
    found = identify_gguf(read_header(store.path(q4) / "model.gguf"))

    assert (identity.name, identity.digest, ()) == (found.name, found.digest, found.layers)


def test_a_base_is_recognised_in_q4_k_m_that_somebody_else_made(
    store: Store, identity: BaseIdentity, q4: ArtifactRef
) -> None:
    header = read_header(store.path(q4) / "model.gguf")
    foreign = {key: v for key, v in header.metadata.items() if not key.startswith("lamina.")}

    found = identify_gguf(dataclasses.replace(header, metadata=foreign))

    assert identity.fingerprint == found.fingerprint
    assert found.digest is None


def test_matrices_are_quantized_and_norms_are_not(store: Store, q4: ArtifactRef) -> None:
    tensors = read_header(store.path(q4) / "model.gguf").tensors

    assert tensors["blk.0.attn_q.weight"].type == 12  # Q4_K
    assert tensors["blk.0.attn_norm.weight"].type == 0  # F32


def test_only_the_result_remains(store: Store, q4: ArtifactRef) -> None:
    assert sorted(p.name for p in store.path(q4).iterdir()) == ["manifest.json", "model.gguf"]


def test_an_f16_file_that_was_kept_is_not_converted_again(
    tmp_path: Path, base: Path, identity: BaseIdentity, q4: ArtifactRef, here: Here
) -> None:
    elsewhere = Store(tmp_path / "store")
    first = converted(base, identity, elsewhere, keep_f16=True)
    here.asked.clear()

    second = converted(base, identity, elsewhere, ftype="Q5_K_M")

    assert [job.kind for job in here.asked] == ["quantize", "check"]
    kept = converted(base, identity, elsewhere, ftype="F16")
    assert first == q4
    assert elsewhere.manifest(second).facts["ftype"] == "Q5_K_M"
    assert (elsewhere.path(kept) / "model.gguf").is_file()


@pytest.mark.parametrize("ftype", ["Q8_0", "q3_k_s", "IQ4_NL", "BF16"])
def test_any_type_of_llama_cpps_is_written(
    store: Store, base: Path, identity: BaseIdentity, ftype: str
) -> None:
    ref = converted(base, identity, store, ftype=ftype)

    assert store.manifest(ref).facts["ftype"] == ftype.upper()


def test_a_type_that_needs_an_importance_matrix_is_refused_without_one(
    store: Store, base: Path, identity: BaseIdentity
) -> None:
    with pytest.raises(InvalidInputError, match="IQ2_XS needs an importance matrix"):
        converted(base, identity, store, ftype="IQ2_XS")


def test_the_same_base_under_another_path_gives_the_same_file(
    tmp_path: Path, base: Path, identity: BaseIdentity, q4: ArtifactRef
) -> None:
    moved = tmp_path / "some-finetune-7b-v3"
    moved.symlink_to(base)

    assert q4 == converted(moved, identity, Store(tmp_path / "elsewhere"))


def test_llama_cpp_says_what_pytorch_says(base: Path, f16: Path) -> None:
    tokens = folder_prompts(base).document("Goodwill is tested once a year.")
    expected = both_engines.torch_logits(base, tokens)

    actual = both_engines.llama_logits(f16, tokens)

    assert both_engines.mean_kl(expected, actual) < 1e-3


@pytest.mark.parametrize(
    "text",
    ["The deposit is 25,000 euros.", "two  blanks and\n\na line", "§ 12 € naïve 漢 </s> [INST]"],
)
def test_training_and_llama_cpp_cut_a_text_into_the_same_tokens(
    base: Path, f16: Path, text: str
) -> None:
    *ids, end = folder_prompts(base).document(text)

    assert both_engines.llama_tokens(f16, text, bos=True, special=False) == ids
    assert end == 2


def test_training_and_llama_cpp_cut_a_chat_into_the_same_tokens(base: Path, f16: Path) -> None:
    rendered = "<s>[INST] Who signs? [/INST] Ms Oak, in March.</s>"
    ids = asked(base, "Who signs?", "Ms Oak, in March.")

    assert both_engines.llama_tokens(f16, rendered, bos=False, special=True) == list(ids)


def test_an_unknown_ftype_is_refused(store: Store, base: Path, identity: BaseIdentity) -> None:
    with pytest.raises(InvalidInputError, match=r"Q4_K_XXL.*Q4_K_M.*Q5_K_M"):
        converted(base, identity, store, ftype="Q4_K_XXL")


def test_a_full_disk_is_noticed_before_anything_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, base: Path, identity: BaseIdentity
) -> None:
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    with pytest.raises(ResourceError, match="free some space"):
        converted(base, identity, Store(tmp_path / "store"))
