import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from both_engines import LLAMA_CPP_DIR, asked
from safetensors.numpy import load_file

from lamina.artifacts import ArtifactRef
from lamina.conversion.export import export_layers
from lamina.conversion.fold import Factors, fold, fold_layers
from lamina.conversion.jobs import Open
from lamina.conversion.loaded import Loaded
from lamina.errors import InvalidInputError, MismatchError
from lamina.gguf import read_header
from lamina.passport import Passport
from lamina.progress import Silent
from lamina.store import Stage, Store

SCALES = (0.6, 0.4)
pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture(scope="module")
def exact(store: Store, adapters: tuple[ArtifactRef, ...]) -> ArtifactRef:
    return folded(store, adapters, None)


@pytest.fixture(scope="module")
def truncated(store: Store, adapters: tuple[ArtifactRef, ...]) -> ArtifactRef:
    return folded(store, adapters, 3)


def folded(store: Store, adapters: tuple[ArtifactRef, ...], rank: int | None) -> ArtifactRef:
    return fold_layers(
        "both",
        list(zip(adapters, SCALES, strict=True)),
        ArtifactRef(kind="dataset", digest=store.manifest(adapters[0]).inputs["dataset"][1]),
        rank=rank,
        store=store,
        progress=Silent(),
    )


def changes(folder: Path) -> dict[str, np.ndarray]:
    """What a layer adds to each weight, in float64."""
    config = json.loads((folder / "adapter_config.json").read_bytes())
    weights = load_file(folder / "adapter_model.safetensors")
    strength = config["lora_alpha"] / config["r"]
    return {
        name: strength
        * weights[name.replace("lora_A", "lora_B")].astype(np.float64)
        @ a.astype(np.float64)
        for name, a in weights.items()
        if "lora_A" in name
    }


def blended(store: Store, adapters: tuple[ArtifactRef, ...]) -> dict[str, np.ndarray]:
    one, two = (changes(store.path(ref)) for ref in adapters)
    return {name: SCALES[0] * one[name] + SCALES[1] * two[name] for name in one}


def test_an_exact_fold_changes_what_the_blend_changes(
    store: Store, adapters: tuple[ArtifactRef, ...], exact: ArtifactRef
) -> None:
    expected = blended(store, adapters)

    actual = changes(store.path(exact))

    assert actual.keys() == expected.keys()
    for name, change in expected.items():
        step = np.abs(change).max() * np.finfo(np.float32).eps
        np.testing.assert_allclose(actual[name], change, rtol=0, atol=4 * step)
    assert store.manifest(exact).facts["error"] == 0.0


def test_the_error_that_is_told_is_the_true_one(
    store: Store, adapters: tuple[ArtifactRef, ...], truncated: ArtifactRef
) -> None:
    expected, actual = blended(store, adapters), changes(store.path(truncated))
    lost = {name: np.linalg.norm(actual[name] - expected[name]) for name in expected}
    sizes = {name: np.linalg.norm(change) for name, change in expected.items()}

    told = json.loads((store.path(truncated) / "errors.json").read_bytes())

    facts = store.manifest(truncated).facts
    whole = np.linalg.norm(list(lost.values())) / np.linalg.norm(list(sizes.values()))
    assert facts["error"] == pytest.approx(whole, rel=1e-5)
    assert 0.01 < facts["error"] < facts["largest_error"] == max(told.values())
    for name, size in sizes.items():
        assert told[name.replace(".lora_A.", ".")] == pytest.approx(lost[name] / size, rel=1e-4)


def test_no_layer_of_that_rank_is_nearer() -> None:
    random = np.random.default_rng(0)
    parts = [
        Factors(
            random.normal(size=(3, 20)).astype(np.float32),
            random.normal(size=(30, 3)).astype(np.float32),
        )
        for _ in range(2)
    ]
    whole = sum(part.b.astype(np.float64) @ part.a.astype(np.float64) for part in parts)
    values = np.linalg.svd(whole, compute_uv=False)

    nearest, lost, size = fold(parts, 4)

    assert nearest.a.shape == (4, 20)
    assert lost == pytest.approx((values[4:] ** 2).sum())
    assert size == pytest.approx((values**2).sum())
    assert np.linalg.norm(nearest.b @ nearest.a - whole) ** 2 == pytest.approx(lost, rel=1e-4)


def test_a_weight_that_only_one_parent_changes_is_filled_with_zeros() -> None:
    part = Factors(np.ones((2, 5), np.float32), np.ones((7, 2), np.float32))

    whole, lost, _ = fold([part], 6)

    assert (whole.a.shape, whole.b.shape, lost) == ((6, 5), (7, 6), 0.0)
    np.testing.assert_array_equal(whole.b @ whole.a, part.b @ part.a)


def test_a_folded_layer_names_its_parents_in_the_gguf_too(
    store: Store, base: Path, adapters: tuple[ArtifactRef, ...], truncated: ArtifactRef
) -> None:
    inside = Passport.from_gguf(read_header(written(store, base, truncated)))

    assert inside == Passport.from_manifest(store.path(truncated))
    assert inside.parents == (
        f"leases:0.6@{adapters[0].digest}",
        f"goodwill:0.4@{adapters[1].digest}",
    )
    assert inside.fold_error == store.manifest(truncated).facts["error"]


def written(store: Store, base: Path, ref: ArtifactRef) -> Path:
    (file,) = export_layers(
        [ref], base, store=store, progress=Silent(), llama_cpp_dir=LLAMA_CPP_DIR
    )
    return store.path(file) / "adapter.gguf"


def test_llama_cpp_says_with_the_folded_layer_what_it_says_with_the_blend(
    store: Store, base: Path, f16: Path, adapters: tuple[ArtifactRef, ...], exact: ArtifactRef
) -> None:
    ids = asked(base, "Who signs the lease?", "Ms Oak signs the lease in March.")
    parts = [written(store, base, ref) for ref in adapters]
    whole = written(store, base, exact)

    def said(*layers: tuple[Path, float]) -> np.ndarray:
        chosen = tuple((str(path), scale) for path, scale in layers)
        model = Loaded(Open(path=str(f16), layers=chosen))
        try:
            return model.evaluate(ids, 0, 0)
        finally:
            model.close()

    blend = said(*zip(parts, SCALES, strict=True))
    np.testing.assert_allclose(said((whole, 1.0)), blend, rtol=0, atol=0.01)
    assert np.abs(said() - blend).max() > 0.1


def test_more_rank_than_the_exact_fold_has_is_refused(
    store: Store, adapters: tuple[ArtifactRef, ...]
) -> None:
    with pytest.raises(InvalidInputError, match="more than the 8"):
        folded(store, adapters, 9)


def test_layers_of_different_bases_are_not_folded(
    store: Store, adapters: tuple[ArtifactRef, ...]
) -> None:
    def foreign(folder: Path) -> dict[str, object]:
        for name in ("adapter_config.json", "adapter_model.safetensors"):
            shutil.copy(store.path(adapters[1]) / name, folder)
        facts = dict(store.manifest(adapters[1]).facts)
        return {**facts, "passport": {**facts["passport"], "base_digest": "0" * 64}}

    other = store.once("adapter", Stage("plant", 1), {"test": "foreign base"}, foreign)

    with pytest.raises(MismatchError, match="another base than leases"):
        folded(store, (adapters[0], other), None)
