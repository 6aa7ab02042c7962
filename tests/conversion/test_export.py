import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import both_engines
import pytest
from both_engines import LLAMA_CPP_DIR, asked

from lamina.artifacts import ArtifactRef
from lamina.conversion.export import export_layers
from lamina.conversion.layer_files import check_plain
from lamina.errors import DamagedError, InvalidInputError, ResourceError
from lamina.gguf import read_header
from lamina.passport import PREFIX, Passport, profile
from lamina.progress import Silent
from lamina.serving.layers.finding import Finder
from lamina.store import Stage, Store

QUESTION = ("Who signs the lease?", "Ms Oak signs the lease in March.")


pytestmark = pytest.mark.usefixtures("here")


def export(
    adapters: Sequence[ArtifactRef], base: Path, store: Store, scripts: Path = LLAMA_CPP_DIR
) -> list[ArtifactRef]:
    return export_layers(adapters, base, store=store, progress=Silent(), llama_cpp_dir=scripts)


def test_llama_cpp_with_the_exported_layer_says_what_peft_says(
    store: Store,
    base: Path,
    adapters: tuple[ArtifactRef, ...],
    exported: list[ArtifactRef],
    f16: Path,
) -> None:
    tokens = asked(base, *QUESTION)
    expected = both_engines.torch_logits(base, tokens, store.path(adapters[0]))

    actual = both_engines.llama_logits(f16, tokens, store.path(exported[0]) / "adapter.gguf")

    assert both_engines.mean_kl(expected, actual) < 1e-3
    assert both_engines.top_1_agreement(expected, actual) >= 0.99


def test_the_layer_makes_a_difference(
    store: Store, base: Path, exported: list[ArtifactRef], f16: Path
) -> None:
    tokens = asked(base, *QUESTION)
    layer = store.path(exported[0]) / "adapter.gguf"

    with_layer = both_engines.llama_logits(f16, tokens, layer)

    assert both_engines.mean_kl(both_engines.llama_logits(f16, tokens), with_layer) > 0.1


def test_the_passport_travels_inside_the_file(
    store: Store, adapters: tuple[ArtifactRef, ...], exported: list[ArtifactRef]
) -> None:
    inside = Passport.from_gguf(read_header(store.path(exported[1]) / "adapter.gguf"))

    assert Passport.from_manifest(store.path(adapters[1])) == inside
    assert inside.layer == "goodwill"


def test_what_it_was_trained_on_travels_inside_the_file(
    store: Store, exported: list[ArtifactRef]
) -> None:
    finder = Finder(
        {
            name: str(read_header(store.path(ref) / "adapter.gguf").metadata[PREFIX + profile.KEY])
            for name, ref in zip(("leases", "goodwill"), exported, strict=True)
        }
    )

    assert finder.route(["Who signs the lease?"]).layer == "leases"


def test_two_exports_give_one_digest(
    tmp_path: Path, store: Store, base: Path, adapters: tuple[ArtifactRef, ...],
    exported: list[ArtifactRef],
) -> None:  # fmt: skip
    other = Store(tmp_path / "elsewhere")
    for kind in ("adapter", "dataset"):
        shutil.copytree(store.root / kind, other.root / kind)

    assert exported == export(adapters, base, other)


def test_what_the_store_holds_is_not_exported_again(
    store: Store, base: Path, adapters: tuple[ArtifactRef, ...], exported: list[ArtifactRef]
) -> None:
    nowhere = Path("/nonexistent")  # the converters would be missed if they were needed

    assert exported == export(adapters, base, store, nowhere)


def test_missing_converters_are_named(
    tmp_path: Path, store: Store, base: Path, adapters: tuple[ArtifactRef, ...]
) -> None:
    other = Store(tmp_path / "elsewhere")
    shutil.copytree(store.root / "adapter", other.root / "adapter")

    with pytest.raises(ResourceError, match="LAMINA_LLAMA_CPP_DIR"):
        export(adapters, base, other, tmp_path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("use_rslora", True),
        ("use_dora", True),
        ("alpha_pattern", {"q_proj": 4}),
        ("rank_pattern", {"q_proj": 4}),
        ("modules_to_save", ["lm_head"]),
        ("bias", "all"),
        ("fan_in_fan_out", True),
        ("peft_type", "LOHA"),
    ],
)
def test_what_gguf_cannot_carry_is_refused(
    store: Store, adapters: tuple[ArtifactRef, ...], key: str, value: object
) -> None:
    folder = store.path(adapters[0])
    config = json.loads((folder / "adapter_config.json").read_bytes())
    passport = Passport.from_manifest(folder)
    check_plain(config, passport)

    with pytest.raises(InvalidInputError, match=key):
        check_plain({**config, key: value}, passport)


def test_a_layer_of_another_strength_than_its_passport_says_is_refused(
    tmp_path: Path, store: Store, base: Path, adapters: tuple[ArtifactRef, ...]
) -> None:
    folder = store.path(adapters[0])

    def tamper(draft: Path) -> dict[str, object]:
        shutil.copy(folder / "adapter_model.safetensors", draft)
        config = json.loads((folder / "adapter_config.json").read_bytes())
        text = json.dumps({**config, "lora_alpha": 2 * config["lora_alpha"]})
        (draft / "adapter_config.json").write_text(text)
        return store.manifest(adapters[0]).facts

    other = Store(tmp_path / "elsewhere")
    planted = other.once("adapter", Stage("plant", 1), {}, tamper)

    with pytest.raises(DamagedError, match="alpha"):
        export((planted,), base, other)
