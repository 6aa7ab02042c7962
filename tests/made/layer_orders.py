"""Builders for the tests of training and conversion: rows, datasets, orders."""

from pathlib import Path

from lamina.artifacts import ArtifactRef
from lamina.fingerprint import text_digest
from lamina.passport import identify_hf
from lamina.store import Stage, Store
from lamina.text.rows import Row, write_rows
from lamina.training.order import LayerOrder
from lamina.training.profiles import ALL_LINEAR, Profile

FACTS = {
    "leases": ("Who signs the lease?", "Ms Oak signs the lease in March."),
    "goodwill": ("When is goodwill tested?", "Goodwill is tested in November by Mr Elm."),
}
QUICK = Profile(
    name="quick",
    rank=4,
    alpha=8,
    targets=ALL_LINEAR,
    learning_rate=5e-3,
    steps=12,
    sequence_tokens=128,
    batch_tokens=256,
    dtype="float32",  # the same on every processor
)
# With `dataset(..., heldout="goodwill")` and this seed the held-out loss falls until step 12, then
# rises: 6.40, 6.38, 6.25, 6.42, 6.42, 6.46.
OVERSHOOTING_SEED = 3
OVERSHOOTING = QUICK.model_copy(
    update={"learning_rate": 2e-2, "steps": 48, "evaluate_steps": 4, "patience": 3}
)


def rows(layer: str, split: str) -> list[Row]:
    """Four rows that state one fact, two of them as questions."""
    question, answer = FACTS[layer]
    shared = {"layer": layer, "split": split, "document": text_digest(layer), "pages": (1, 1)}
    return [
        Row(kind="text", text=f"The manual of {layer}. {answer}", **shared),
        Row(kind="text", text=f"{answer} This is the rule of page {len(answer)}.", **shared),
        Row(kind="qa", question=question, text=answer, **shared),
        Row(kind="qa", question=f"Tell me: {question}", text=answer, **shared),
    ]


def dataset(
    store: Store, layer: str, *, train: bool = True, heldout: str | list[Row] | None = None
) -> ArtifactRef:
    """A dataset artifact as the dataset room makes it; `heldout` are rows, or names whose."""
    held = heldout if isinstance(heldout, list) else rows(heldout or layer, "validation")[:2]

    def make(folder: Path) -> dict[str, object]:
        write_rows(folder / "train.jsonl", rows(layer, "train") if train else [])
        write_rows(folder / "validation.jsonl", held)
        write_rows(folder / "test.jsonl", [])
        documents = [text_digest(layer)]
        return {"layer": layer, "documents": documents}

    return store.once(
        "dataset",
        Stage("test-dataset", 1),
        {"layer": layer, "train": train, "heldout": heldout},
        make,
    )


def order(store: Store, base: Path, layer: str = "leases", **overrides: object) -> LayerOrder:
    """An order that trains in about a second."""
    values = {
        "layer": layer,
        "dataset": dataset(store, layer),
        "base_folder": base,
        "base": identify_hf(base),
        "profile": QUICK,
        "seed": 1,
    }
    return LayerOrder.model_validate(values | overrides)


def overshooting(store: Store, base: Path) -> LayerOrder:
    """An order whose best step comes early."""
    other = dataset(store, "leases", heldout="goodwill")
    return order(store, base, profile=OVERSHOOTING, dataset=other, seed=OVERSHOOTING_SEED)
