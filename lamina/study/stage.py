"""The stage `study`: a dataset's pages to rows that teach what stands on them.

What strategies make is kept by passage (`memory`); the artifact joins it for one layer. It hangs on
the exam only as far as a question is left out because of it: another exam that no row repeats gives
the same artifact, so that no layer is trained anew for it.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lamina.artifacts import ArtifactRef
from lamina.progress import Progress
from lamina.store import Stage, Store
from lamina.study.card import Tally, card_text
from lamina.study.gather import gathered
from lamina.study.memory import PUT_OFF
from lamina.study.page import page
from lamina.study.passages import passages_of
from lamina.study.strategy import Strategy
from lamina.text.study_rows import STUDY_FILE
from lamina.text.subjects import read_subjects

STAGE = Stage("study", version=1)
DROPPED_FILE = "dropped.jsonl"
PAGE_FILE = "taught.html"
_ONLY_CARD = {"samples", "by_document", "left_out"}


def study(  # noqa: PLR0913 - keyword-only past what is studied
    dataset: ArtifactRef,
    layer: str,
    *,
    strategies: Sequence[Strategy],
    exam: Sequence[str],
    store: Store,
    progress: Progress,
) -> ArtifactRef:
    """Rows of the pages that the layer trains on: artifact of kind `study`.

    Facts: `layer`, `documents`, `passages`, `taught` (passages with a row), `rows`, `groups`,
    `figures`, `figures_taught`, `kinds`, `strategies`, `dropped` (by reason). `exam` are questions
    that no row may ask. Passages that were put off are tried again when it is next asked for.
    """
    inputs = study_inputs(dataset, layer, strategies, exam)

    def make(folder: Path) -> Mapping[str, Any]:
        subjects = read_subjects(store.open(dataset))
        total = sum(1 for _ in passages_of(dataset, store))
        progress.start(f"studying {layer}", total)
        tally = Tally(layer)
        found = gathered(
            lambda: passages_of(dataset, store),
            strategies,
            exam=exam,
            companies={one.company for one in subjects.values() if one.company},
            store=store,
        )
        with (
            (folder / STUDY_FILE).open("w", encoding="utf-8") as rows,
            (folder / DROPPED_FILE).open("w", encoding="utf-8") as dropped,
        ):
            for number, one in enumerate(found, start=1):
                rows.writelines(f"{_json(row.model_dump(mode='json'))}\n" for row in one.rows)
                document = one.passage.document
                for left in one.dropped:
                    dropped.write(f"{_json({'document': document, **left._asdict()})}\n")
                tally.add(one)
                progress.advance(number, f"{len(one.rows)} rows")
        facts = tally.card()
        (folder / "card.json").write_text(json.dumps(facts, indent=1, ensure_ascii=False), "utf-8")
        (folder / "card.md").write_text(card_text(facts), "utf-8")
        (folder / PAGE_FILE).write_text(page(facts), "utf-8")
        return {name: value for name, value in facts.items() if name not in _ONLY_CARD}

    known = store.recall_manifest(STAGE, inputs)
    again = known is not None and PUT_OFF in known.facts["dropped"]
    return store.once("study", STAGE, inputs, make, refresh=again)


def study_inputs(
    dataset: ArtifactRef, layer: str, strategies: Sequence[Strategy], exam: Sequence[str]
) -> dict[str, object]:
    """What the stage is keyed on."""
    return {
        "layer": layer,
        "dataset": dataset,
        "strategies": [one.identity for one in strategies],
        "exam": sorted({*exam}),
    }


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
