"""Cells go with the layers that they are about, and not before."""

from pathlib import Path

from gc_store import NOW, age, link, make

from lamina.fingerprint import file_digest
from lamina.orders import CollectGarbage
from lamina.stages import upkeep
from lamina.stages.pod import Pod
from lamina.store import CELLS, PASSAGES, Ledger


def cells_of(pod: Pod, *digests: str) -> Path:
    """A file of cells of these layers."""
    name = "-".join(digest[:4] for digest in digests) or "base"
    path = pod.store.root / CELLS / "base" / f"{name}.jsonl"
    ledger = Ledger(path, {"layers": [[digest, 1.0] for digest in digests]})
    ledger.add([("key", {"scores": [[-1.0, 1]]})])
    return path


def file_of(pod: Pod, number: int, *, linked: bool) -> str:
    """The content of a layer's file in the store."""
    ref = make(pod, "lora-gguf", number)
    if linked:
        link(pod, ref, f"output/peft/{number}")
    return file_digest(pod.store.path(ref) / "adapter.gguf")


def test_cells_of_layers_that_stay_stay(pod: Pod) -> None:
    kept, gone = file_of(pod, 1, linked=True), file_of(pod, 2, linked=False)
    paths = [cells_of(pod), cells_of(pod, kept), cells_of(pod, gone), cells_of(pod, kept, gone)]
    age(pod, days=40)

    found = upkeep.gc(pod, CollectGarbage(grace_days=30))

    assert [path.exists() for path in paths] == [True, True, False, False]
    assert found.removed[CELLS].count == 2


def test_cells_of_a_file_of_ones_own_stay_while_it_is_asked(pod: Pod) -> None:
    own = pod.workspace.adapters_gguf / "Own.gguf"
    own.write_bytes(b"another tool's")
    path = cells_of(pod, file_digest(own))

    upkeep.gc(pod, NOW)
    assert path.exists()

    own.unlink()
    age(pod, days=1)
    upkeep.gc(pod, NOW)
    assert not path.exists()


def test_young_cells_stay_and_a_dry_run_takes_none(pod: Pod) -> None:
    path = cells_of(pod, "f" * 64)

    upkeep.gc(pod, CollectGarbage(grace_days=30))
    assert path.exists()
    age(pod, days=40)
    upkeep.gc(pod, CollectGarbage(grace_days=30, dry_run=True))
    assert path.exists()


def test_what_was_made_of_passages_goes_with_their_documents(pod: Pod) -> None:
    used, gone = "a" * 64, "b" * 64
    link(pod, make(pod, "dataset", 1, {"documents": [used]}), "output/peft/1")
    paths = [pod.store.root / PASSAGES / "facts-1" / f"{name}.jsonl" for name in (used, gone)]
    for path in paths:
        Ledger(path, {"strategy": "facts"}).add([("key", {"rows": []})])
    age(pod, days=40)

    found = upkeep.gc(pod, CollectGarbage(grace_days=30))

    assert [path.exists() for path in paths] == [True, False]
    assert found.removed[PASSAGES].count == 1
