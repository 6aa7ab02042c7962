"""The card of what a layer is taught: rows by kind, what was left out and why, some to read."""

from collections import Counter
from collections.abc import Mapping, Sequence
from heapq import heappush, heappushpop
from typing import Any

from lamina.fingerprint import text_digest
from lamina.study.coverage import taught
from lamina.study.gather import Gathered
from lamina.study.rows import StudyRow

_SAMPLES = 10  # of each strategy
_LEFT_OUT = 3  # of each reason
_COUNTED = ("passages", "taught", "rows", "figures", "figures_taught")


class Tally:
    """The card's figures, counted passage by passage."""

    def __init__(self, layer: str) -> None:
        self._layer = layer
        self._kinds: Counter[str] = Counter()
        self._strategies: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self._documents: dict[str, Counter[str]] = {}
        self._groups: set[int] = set()
        self._subjects: dict[str, str] = {}
        self._samples: dict[str, Sample] = {}
        self._left_out: dict[str, list[str]] = {}

    def add(self, one: Gathered) -> None:
        """Count what came of a passage."""
        counts = self._documents.setdefault(one.passage.document, Counter())
        counts["passages"] += 1
        counts["taught"] += bool(one.rows)
        counts["rows"] += len(one.rows)
        covered, figures = taught(one.passage.page.text, one.rows)
        counts["figures"] += figures
        counts["figures_taught"] += covered
        told = (one.passage.company, one.passage.title, one.passage.period)
        self._subjects[one.passage.document] = ", ".join(filter(None, told))
        for dropped in one.dropped:
            self._dropped[dropped.reason] += 1
            some = self._left_out.setdefault(dropped.reason, [])
            if dropped.text and len(some) < _LEFT_OUT:
                some.append(dropped.text)
        for row in one.rows:
            self._kinds[row.kind] += 1
            self._strategies[row.strategy] += 1
            self._groups.add(int(text_digest(row.group)[:15], 16))
            self._samples.setdefault(row.strategy, Sample(_SAMPLES)).add(row)

    def card(self) -> dict[str, Any]:
        """The figures, as JSON values."""
        documents = sorted(self._documents)
        return {
            "layer": self._layer,
            "documents": documents,
            **{name: sum(counts[name] for counts in self._documents.values()) for name in _COUNTED},
            "groups": len(self._groups),
            "kinds": dict(sorted(self._kinds.items())),
            "strategies": dict(sorted(self._strategies.items())),
            "dropped": dict(sorted(self._dropped.items())),
            "by_document": {
                name: {
                    "subject": self._subjects[name],
                    **{key: self._documents[name][key] for key in _COUNTED},
                }
                for name in documents
            },
            "left_out": dict(sorted(self._left_out.items())),
            "samples": [
                row.model_dump(mode="json")
                for name in sorted(self._samples)
                for row in self._samples[name].rows()
            ],
        }


class Sample:
    """The rows with the smallest digests: from anywhere, and always the same ones."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._heap: list[tuple[int, int, StudyRow]] = []  # the largest digest is on top
        self._seen = 0

    def add(self, row: StudyRow) -> None:
        """Take it in, if it is among them so far."""
        self._seen += 1
        drawn = int(text_digest(f"{row.question}\0{row.answer}")[:15], 16)
        entry = (-drawn, -self._seen, row)
        if len(self._heap) < self._most:
            heappush(self._heap, entry)
        elif self._most and entry > self._heap[0]:
            heappushpop(self._heap, entry)

    def rows(self) -> list[StudyRow]:
        """In the order in which they came."""
        return [row for _, _, row in sorted(self._heap, key=lambda entry: -entry[1])]


def card_text(facts: Mapping[str, Any]) -> str:
    """The card as Markdown."""
    parts = [
        f"# What {facts['layer']} is taught",
        (
            f"{facts['rows']} rows of {facts['groups']} facts and questions, from "
            f"{facts['taught']} of {facts['passages']} pages of "
            f"{len(facts['documents'])} documents. "
            f"{facts['figures_taught']} of the {facts['figures']} figures on them are covered."
        ),
        _counts("Kind", facts["kinds"]),
        _counts("Left out because", facts["dropped"]),
        *[_sample_text(number, row) for number, row in enumerate(facts["samples"], start=1)],
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _counts(head: str, counts: Mapping[str, int]) -> str:
    if not counts:
        return ""
    lines = [f"| {name} | {count} |" for name, count in counts.items()]
    return "\n".join([f"| {head} | rows |", "|---|---:|", *lines])


def _sample_text(number: int, row: Mapping[str, Any]) -> str:
    told = [row["question"], row["answer"], f"held up by: {row['evidence']}"]
    where = f"**{number}.** {row['kind']}, {row['document'][:12]}, page {row['page']}"
    return where + "\n\n" + "\n".join(f"> {' '.join(line.split())}  " for line in told)


def shown(rows: Sequence[StudyRow]) -> list[dict[str, Any]]:
    """Rows in the columns that people read."""
    return [
        {
            "kind": row.kind,
            "question": row.question,
            "answer": row.answer,
            "page": f"{row.document[:12]} {row.page}",
            "evidence": row.evidence,
        }
        for row in rows
    ]
