from pathlib import Path

import numpy as np
import pytest
from both_engines import LLAMA_CPP_DIR

from lamina.artifacts import ArtifactRef
from lamina.conversion.convert import convert_to_gguf
from lamina.conversion.export import export_layers
from lamina.conversion.observe import observe_importance
from lamina.errors import InvalidInputError
from lamina.gguf import read_header
from lamina.passport import BaseIdentity
from lamina.progress import Silent
from lamina.prompts.folder import folder_prompts
from lamina.store import Store

TEXTS = ("Goodwill is tested once a year.", "Who signs the lease? Ms Oak signs the lease in March.")
DATASET = ArtifactRef(kind="dataset", digest="0" * 64)
pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture(scope="module")
def texts(base: Path) -> list[tuple[int, ...]]:
    return [folder_prompts(base).document(text) for text in TEXTS]


@pytest.fixture(scope="module")
def importance(
    store: Store, base: Path, identity: BaseIdentity, adapters: tuple[ArtifactRef, ...],
    texts: list[tuple[int, ...]],
) -> ArtifactRef:  # fmt: skip
    return observed(store, base, identity, adapters[0], texts)


def observed(
    store: Store, base: Path, identity: BaseIdentity, adapter: ArtifactRef,
    texts: list[tuple[int, ...]],
) -> ArtifactRef:  # fmt: skip
    (layer,) = export_layers(
        [adapter], base, store=store, progress=Silent(), llama_cpp_dir=LLAMA_CPP_DIR
    )
    return observe_importance(
        converted(store, base, identity, "F16"), layer, DATASET, texts,
        store=store, progress=Silent(), llama_cpp_dir=LLAMA_CPP_DIR, threads=1,
    )  # fmt: skip


def converted(
    store: Store, base: Path, identity: BaseIdentity, ftype: str, matrix: ArtifactRef | None = None
) -> ArtifactRef:
    return convert_to_gguf(
        base, identity, store=store, progress=Silent(), llama_cpp_dir=LLAMA_CPP_DIR,
        ftype=ftype, importance=matrix,
    )  # fmt: skip


def torch_mean_squares(
    base: Path, layer: Path, texts: list[tuple[int, ...]], module: str
) -> np.ndarray:
    """Mean square of each column of what goes into a module."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), str(layer)).eval()
    seen: list[torch.Tensor] = []
    model.get_submodule(f"base_model.model.model.layers.{module}").register_forward_hook(
        lambda _module, inputs, _output: seen.append(inputs[0][0])
    )
    with torch.no_grad():
        for ids in texts:  # the last token predicts nothing, and is not evaluated
            model(torch.tensor([ids[:-1]]))
    return torch.cat(seen).pow(2).mean(0).numpy()


@pytest.mark.parametrize(
    ("weight", "module"),
    [("blk.0.attn_q.weight", "0.self_attn.q_proj"), ("blk.1.ffn_down.weight", "1.mlp.down_proj")],
)
def test_what_is_observed_in_llama_cpp_is_what_pytorch_computes(  # noqa: PLR0913, PLR0917
    store: Store, base: Path, adapters: tuple[ArtifactRef, ...], texts: list[tuple[int, ...]],
    importance: ArtifactRef, weight: str, module: str,
) -> None:  # fmt: skip
    expected = torch_mean_squares(base, store.path(adapters[0]), texts, module)

    with np.load(store.path(importance) / "importance.npz") as means:
        np.testing.assert_allclose(means[weight], expected, rtol=0.05, atol=1e-4 * expected.max())


def test_every_matrix_of_every_block_is_observed(store: Store, importance: ArtifactRef) -> None:
    assert store.manifest(importance).facts["weights"] == 2 * 7


def test_a_matrix_changes_how_weights_are_rounded(
    store: Store, base: Path, identity: BaseIdentity, importance: ArtifactRef
) -> None:
    def quantized(ref: ArtifactRef) -> bytes:
        header = read_header(store.path(ref) / "model.gguf")
        start = header.tensors["blk.0.attn_q.weight"].offset
        return header.path.read_bytes()[start : start + 1000]

    with_it = converted(store, base, identity, "Q4_K_M", importance)

    assert quantized(with_it) != quantized(converted(store, base, identity, "Q4_K_M"))


def test_two_bit_types_become_possible(
    store: Store, base: Path, identity: BaseIdentity, importance: ArtifactRef
) -> None:
    ref = converted(store, base, identity, "IQ2_XS", importance)

    assert store.manifest(ref).facts["ftype"] == "IQ2_XS"


def test_a_type_that_rounds_nothing_takes_no_matrix(
    store: Store, base: Path, identity: BaseIdentity, importance: ArtifactRef
) -> None:
    with pytest.raises(InvalidInputError, match="rounds nothing"):
        converted(store, base, identity, "F16", importance)


def test_a_layer_without_text_is_named(
    store: Store, base: Path, identity: BaseIdentity, adapters: tuple[ArtifactRef, ...]
) -> None:
    other = Store(store.root)

    with pytest.raises(InvalidInputError, match="has no training rows"):
        observed(other, base, identity, adapters[1], [])
