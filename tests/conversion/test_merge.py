import json
from pathlib import Path

import both_engines
import layer_orders
import pytest
import torch
from both_engines import LLAMA_CPP_DIR, asked
from safetensors.torch import load_file, save_file

from lamina.artifacts import ArtifactRef
from lamina.conversion.convert import convert_to_gguf
from lamina.conversion.merge import merge_level
from lamina.errors import InvalidInputError, MismatchError
from lamina.gguf import read_header
from lamina.passport import BaseIdentity, identify_gguf, identify_hf
from lamina.progress import Silent
from lamina.store import Store
from lamina.training.recipe import train_layer

pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture(scope="module")
def merged(
    store: Store, base: Path, identity: BaseIdentity, adapters: tuple[ArtifactRef, ...]
) -> ArtifactRef:
    return merge(store, base, identity, [(adapters[0], 1.0)])


def merge(
    store: Store,
    base: Path,
    identity: BaseIdentity,
    adapters: list[tuple[ArtifactRef, float]],
    **chosen: int,
) -> ArtifactRef:
    return merge_level(base, identity, adapters, store=store, progress=Silent(), **chosen)


def peft_merge(base: Path, layer: Path, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base, dtype=dtype)
    return PeftModel.from_pretrained(model, str(layer)).merge_and_unload().state_dict()


def test_merging_equals_peft(
    store: Store, base: Path, adapters: tuple[ArtifactRef, ...], merged: ArtifactRef
) -> None:
    expected = peft_merge(base, store.path(adapters[0]), torch.float32)

    actual = load_file(store.path(merged) / "model.safetensors")

    assert expected.keys() == actual.keys()
    for name, weight in expected.items():
        torch.testing.assert_close(actual[name], weight, rtol=1e-6, atol=1e-6)


def test_a_bfloat16_base_is_rounded_once(tmp_path: Path, store: Store, base: Path) -> None:
    low = bfloat16_copy(base, tmp_path / "low")
    order = layer_orders.order(store, low)
    layer = train_layer(order, store=store, progress=Silent(), threads=1)
    exact = peft_merge(low, store.path(layer), torch.float32)

    merged = merge(store, low, order.base, [(layer, 1.0)])

    actual = load_file(store.path(merged) / "model.safetensors")
    assert all(torch.equal(actual[name], exact[name].bfloat16()) for name in exact)


def bfloat16_copy(base: Path, folder: Path) -> Path:
    folder.mkdir()
    for path in base.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    weights = load_file(base / "model.safetensors")
    low = {name: weight.bfloat16() for name, weight in weights.items()}
    save_file(low, folder / "model.safetensors", {"format": "pt"})
    return folder


def test_two_layers_with_weights_add_up(
    store: Store, base: Path, identity: BaseIdentity, adapters: tuple[ArtifactRef, ...]
) -> None:
    both = merge(store, base, identity, [(adapters[0], 0.5), (adapters[1], 2.0)])

    plain = load_file(base / "model.safetensors")
    parts = [
        {n: w - plain[n] for n, w in peft_merge(base, store.path(ref), torch.float32).items()}
        for ref in adapters
    ]
    for name, weight in load_file(store.path(both) / "model.safetensors").items():
        expected = plain[name] + 0.5 * parts[0][name] + 2.0 * parts[1][name]
        torch.testing.assert_close(weight, expected, rtol=1e-5, atol=1e-5)


def test_the_order_of_the_layers_does_not_matter(
    store: Store, base: Path, identity: BaseIdentity, adapters: tuple[ArtifactRef, ...]
) -> None:
    pairs = [(adapters[0], 0.5), (adapters[1], 2.0)]

    assert merge(store, base, identity, pairs) == merge(store, base, identity, pairs[::-1])


def test_a_model_in_several_files_holds_the_same_weights(
    store: Store, base: Path, identity: BaseIdentity, adapters: tuple[ArtifactRef, ...],
    merged: ArtifactRef,
) -> None:  # fmt: skip
    split = merge(store, base, identity, [(adapters[0], 1.0)], shard_bytes=500_000)

    index = json.loads((store.path(split) / "model.safetensors.index.json").read_bytes())
    files = sorted(set(index["weight_map"].values()))
    weights = {k: v for name in files for k, v in load_file(store.path(split) / name).items()}
    whole = load_file(store.path(merged) / "model.safetensors")
    assert len(files) > 1
    assert whole.keys() == weights.keys()
    assert all(torch.equal(whole[name], weights[name]) for name in whole)


def test_a_merged_model_says_which_base_and_layers_it_holds(
    store: Store, identity: BaseIdentity, merged: ArtifactRef
) -> None:
    folder = store.path(merged)
    held = identify_hf(folder)
    gguf = convert_to_gguf(
        folder, held, store=store, progress=Silent(), llama_cpp_dir=LLAMA_CPP_DIR
    )

    found = identify_gguf(read_header(store.path(gguf) / "model.gguf"))

    assert ("leases",) == held.layers == found.layers
    assert (identity.digest, identity.fingerprint) == (found.digest, found.fingerprint)


def test_the_merged_gguf_says_what_base_and_layer_say_together(
    store: Store, base: Path, merged: ArtifactRef, exported: list[ArtifactRef], f16: Path
) -> None:
    folder = store.path(merged)
    whole = convert_to_gguf(
        folder, identify_hf(folder), store=store, progress=Silent(),
        llama_cpp_dir=LLAMA_CPP_DIR, ftype="F16",
    )  # fmt: skip
    tokens = asked(base, "Who signs the lease?", "Ms Oak signs the lease in March.")
    layer = store.path(exported[0]) / "adapter.gguf"

    expected = both_engines.llama_logits(f16, tokens, layer)
    actual = both_engines.llama_logits(store.path(whole) / "model.gguf", tokens)

    assert both_engines.mean_kl(expected, actual) < 1e-3


def test_a_layer_of_another_base_is_refused(
    store: Store, base: Path, identity: BaseIdentity, adapters: tuple[ArtifactRef, ...]
) -> None:
    other = identity.model_copy(update={"digest": "0" * 64})

    with pytest.raises(MismatchError, match="was trained on base"):
        merge(store, base, other, [(adapters[0], 1.0)])


def test_a_merged_model_takes_no_more_layers(
    store: Store, adapters: tuple[ArtifactRef, ...], merged: ArtifactRef
) -> None:
    folder = store.path(merged)

    with pytest.raises(MismatchError, match="already contains leases"):
        merge(store, folder, identify_hf(folder), [(adapters[1], 1.0)])


def test_merging_nothing_is_refused(store: Store, base: Path, identity: BaseIdentity) -> None:
    with pytest.raises(InvalidInputError, match="no layer"):
        merge(store, base, identity, [])
