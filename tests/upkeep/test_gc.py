"""What gc removes and what it leaves: what a link or a late use reaches stays."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from gc_store import NOW, age, left, link, make

from lamina.orders import CollectGarbage
from lamina.stages import upkeep
from lamina.stages.pod import Pod
from lamina.store import Stage, point


def test_what_a_link_stands_for_stays_and_the_rest_goes(pod: Pod) -> None:
    linked, loose = make(pod, "adapter", 1), make(pod, "adapter", 2)
    link(pod, linked)

    found = upkeep.gc(pod, NOW)

    assert left(pod, linked, loose) == [True, False]
    assert (found.removed["adapter"].count, found.kept["adapter"].count) == (1, 1)
    assert found.freed_bytes > 1000


@pytest.mark.parametrize(
    "name",
    ["output/adapters_gguf/Leases.gguf", "output/candidates/x.gguf", "peft/merged", "models/m.gguf",
     "output/parity/Leases", "qa/report.html"],
)  # fmt: skip
def test_every_folder_of_links_counts(pod: Pod, name: str) -> None:
    ref = make(pod, "adapter", 1)
    point(pod.workspace.root / name, pod.store.path(ref) / "adapter.gguf")

    upkeep.gc(pod, NOW)

    assert left(pod, ref) == [True]


def test_what_a_linked_artifact_was_made_of_stays(pod: Pod) -> None:
    pages = make(pod, "pages", 1)
    dataset = make(pod, "dataset", 1, documents=[["Leases", "sha", pages]])
    adapter = make(pod, "adapter", 1, {"passport": {"dataset": dataset.digest}})
    link(pod, make(pod, "lora-gguf", 1, adapter=adapter))

    upkeep.gc(pod, NOW)

    assert left(pod, pages, dataset, adapter) == [True, True, True]


def test_what_an_unlinked_artifact_was_made_of_goes_with_it(pod: Pod) -> None:
    dataset = make(pod, "dataset", 1)
    adapter = make(pod, "adapter", 1, dataset=dataset)

    upkeep.gc(pod, NOW)

    assert left(pod, dataset, adapter) == [False, False]


def test_a_repeated_run_over_the_same_documents_stays_cached(pod: Pod) -> None:
    """The newest verdicts, the pages that their file names, and the judgements on those."""
    old, read = make(pod, "pages", 1), make(pod, "pages", 2)
    judged, stale = (make(pod, "judgement", page.digest, pages=page) for page in (read, old))

    def fill(folder: Path) -> Mapping[str, Any]:
        (folder / "verdicts.json").write_text(json.dumps([read.model_dump()]))
        return {}

    verdicts = pod.store.once("verdicts", Stage("pdf_pretest", 1), {"documents": ["sha"]}, fill)

    upkeep.gc(pod, NOW)

    assert left(pod, verdicts, read, judged, old, stale) == [True, True, True, False, False]


def test_what_was_used_within_the_grace_stays_with_what_it_was_made_of(pod: Pod) -> None:
    dataset = make(pod, "dataset", 1)
    adapter, other = make(pod, "adapter", 1, dataset=dataset), make(pod, "adapter", 2)
    age(pod, days=8)
    pod.store.open(adapter)

    upkeep.gc(pod, CollectGarbage(grace_days=7))

    assert left(pod, adapter, dataset, other) == [True, True, False]


def test_a_dry_run_removes_nothing_and_says_the_same(pod: Pod) -> None:
    loose = make(pod, "adapter", 1)
    before = sorted(pod.store.root.rglob("*"))

    look = upkeep.gc(pod, CollectGarbage(grace_days=0, dry_run=True))

    assert sorted(pod.store.root.rglob("*")) == before
    assert left(pod, loose) == [True]
    assert upkeep.gc(pod, NOW).removed == look.removed


def test_a_stage_runs_again_after_its_result_was_removed(pod: Pod) -> None:
    first = make(pod, "adapter", 1)
    upkeep.gc(pod, NOW)

    assert not list((pod.store.root / "keys").glob("*"))
    assert not list((pod.store.root / "verified").glob("*"))
    assert make(pod, "adapter", 1) == first
    assert pod.store.holds(first)
