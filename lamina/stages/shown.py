"""What is shown of datasets: their rows as files, the test apart from all training, a table."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lamina.artifacts import ArtifactRef
from lamina.stages.pod import Pod
from lamina.stages.taught import datasets_of
from lamina.store import MANIFEST

_COPY_BYTES = 1 << 20


def publish_datasets(pod: Pod, datasets: Sequence[ArtifactRef]) -> ArtifactRef:
    """Write the rows of all these layers to `data/processed/`; the test (kind `tests`).

    `train.jsonl`, `validation.jsonl`; `heldout.jsonl` is the test, without what any of these layers
    or of those that are published has in training, and `test.md` counts it.
    """
    from lamina.dataset.apart import TEST_FILE, keep_apart
    from lamina.dataset.tests_card import TEST_CARD

    tests = keep_apart(datasets, _published_datasets(pod), store=pod.store, progress=pod.progress)
    folders = [pod.store.open(ref) for ref in datasets]
    apart = pod.store.open(tests)
    for name, parts in {
        "train.jsonl": [folder / "train.jsonl" for folder in folders],
        "validation.jsonl": [folder / "validation.jsonl" for folder in folders],
        "heldout.jsonl": [apart / TEST_FILE],
        TEST_CARD: [apart / TEST_CARD],
    }.items():
        write_view(pod.workspace.processed / name, parts)
    return tests


def _published_datasets(pod: Pod) -> list[ArtifactRef]:
    """What the layers that are published or serve here were trained on, as far as it is held."""
    return list(datasets_of(pod, pod.workspace.adapters_gguf).values())


def write_view(view: Path, parts: Sequence[Path]) -> None:
    """Write the parts' contents behind each other; a dataset of an older version lacks some."""
    view.parent.mkdir(parents=True, exist_ok=True)
    aside = view.with_name(f".{view.name}.{os.getpid()}")
    try:
        with aside.open("wb") as file:
            for path in parts:
                if path.is_file():
                    with path.open("rb") as part:
                        shutil.copyfileobj(part, file, _COPY_BYTES)
        aside.replace(view)
    finally:
        aside.unlink(missing_ok=True)


def card_made_since(pod: Pod, dataset: ArtifactRef, since_s: float) -> str | None:
    """The dataset's card as Markdown, if it was made after that time; none if it is an old one."""
    folder = pod.store.open(dataset)
    if (folder / MANIFEST).stat().st_mtime < since_s:
        return None
    return (folder / "card.md").read_text(encoding="utf-8")


def dataset_table(
    pod: Pod, datasets: Sequence[ArtifactRef], tests: ArtifactRef
) -> list[dict[str, Any]]:
    """What each layer is trained and measured on, a row a layer."""
    columns = ("layer", "train_rows", "validation_rows", "test_rows", "tokens")
    facts = [pod.store.manifest(ref).facts for ref in datasets]
    apart = pod.store.manifest(tests).facts["layers"]
    return [
        {name: one.get(name, 0) for name in columns}
        | {
            "left out of the test": _tested(apart, one["layer"], "left_out"),
            "documents": len(one["documents"]),
            "of the test": _tested(apart, one["layer"], "documents"),
            "dataset": ref.digest[:12],
        }
        for one, ref in zip(facts, datasets, strict=True)
    ]


def _tested(apart: dict[str, dict[str, int]], layer: str, what: str) -> int:
    """A figure of a layer's test; of the whole corpus, where the layers' rows are together."""
    return sum(one[what] for name, one in apart.items() if layer in {name, "all"})
