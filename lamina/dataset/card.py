"""The dataset's card: what a person should know before training on it."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from heapq import heappush, heappushpop
from typing import Any

from lamina.fingerprint import text_digest
from lamina.text.pages import CELL_BORDER
from lamina.text.rows import SPLITS, Row, Split

_BARS = 40  # characters of the longest bar
_SAMPLES = 10
_BAR_TOKENS = 64  # that one bar of the histogram stands for


class Tally:
    """The card's figures, counted row by row: what it keeps does not grow with the rows' text."""

    def __init__(self, layer: str) -> None:
        self._layer = layer
        self._counts: dict[Split, Counter[str]] = {split: Counter() for split in SPLITS}
        self._documents: dict[Split, set[str]] = {split: set() for split in SPLITS}
        self._pages: dict[str, int] = defaultdict(int)  # by document, a bit a page
        self._dropped: Counter[str] = Counter()
        self._named: Counter[str] = Counter()
        self._lengths: Counter[int] = Counter()
        self._samples: list[tuple[str, int, Row]] = []  # a heap: the largest digest is on top

    def add(self, row: Row) -> None:
        """Count a row."""
        counts = self._counts[row.split]
        counts["rows"] += 1
        counts["questions"] += row.kind == "qa"
        counts["tokens"] += row.n_tokens
        self._documents[row.split].add(row.document)
        first, last = row.pages
        self._pages[row.document] |= ((1 << (last - first + 1)) - 1) << first
        if row.kind == "text":
            self._named["named" if row.subject else "unnamed"] += 1
            self._lengths[row.n_tokens // _BAR_TOKENS] += 1
        if row.split == "train":
            self._sample(row, counts["rows"])

    def _sample(self, row: Row, place: int) -> None:
        """Keep the rows with the smallest digests: anywhere in the dataset, always the same."""
        entry = (_inverted(text_digest(row.text)), place, row)
        if len(self._samples) < _SAMPLES:
            heappush(self._samples, entry)
        elif entry[:2] > self._samples[0][:2]:
            heappushpop(self._samples, entry)

    def drop(self, reason: str) -> None:
        """Count something that was left out."""
        self._dropped[reason] += 1

    def card(self) -> dict[str, Any]:
        """The figures of the card, as JSON values."""
        train, validation, test = (self._documents[split] for split in SPLITS)
        samples = sorted(self._samples, key=lambda entry: entry[1])
        return {
            "layer": self._layer,
            "documents": len(train | validation | test),
            "pages": sum(bits.bit_count() for bits in self._pages.values()),
            **{split: _counted(counts) for split, counts in self._counts.items()},
            "validation_documents": sorted(validation - train),
            "test_documents": sorted(test - train),
            "named": self._named["named"],
            "unnamed": self._named["unnamed"],
            "dropped": dict(sorted(self._dropped.items())),
            "length_histogram": _histogram(self._lengths),
            "samples": [row.model_dump(mode="json") for _, _, row in samples],
        }


def _inverted(digest: str) -> str:
    """A digest that sorts the other way round."""
    return f"{(1 << 256) - int(digest, 16):065x}"


def card_text(facts: Mapping[str, Any]) -> str:
    """The card as Markdown."""
    parts = [
        f"# Dataset of {facts['layer']}",
        f"{facts['documents']} documents, {facts['pages']} pages. {_held_text(facts)}",
        "| part | rows | questions | tokens |\n|---|---:|---:|---:|\n"
        + "\n".join(
            f"| {name} | {facts[name]['rows']} | {facts[name]['questions']} "
            f"| {facts[name]['tokens']} |"
            for name in SPLITS
        ),
        _named_text(facts["named"], facts["unnamed"]),
        _dropped_text(facts["dropped"]),
        "## Tokens per row of text\n\n```\n" + _bars(facts["length_histogram"]) + "\n```",
        "## Rows from the training part",
        *[_sample_text(number, row) for number, row in enumerate(facts["samples"], start=1)],
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _held_text(facts: Mapping[str, Any]) -> str:
    """What the steps are chosen on, what is left for the verdict, and what to do about none."""
    chosen, tested = len(facts["validation_documents"]), len(facts["test_documents"])
    told = [
        f"Validation: {chosen} whole documents."
        if chosen
        else "Validation: a section of each document that is trained on.",
        f"Test: {tested} whole documents; `data/processed/test.md` says how much of them no layer "
        "has in training."
        if tested
        else "No test remains, since there are fewer than three documents, or all say the same: "
        "add documents of other companies, or decide by exam questions.",
    ]
    return " ".join(told)


def _counted(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: counts[name] for name in ("rows", "questions", "tokens")}


def _histogram(counts: Counter[int]) -> dict[str, int]:
    """Rows per range of tokens."""
    return {
        f"{i * _BAR_TOKENS}-{(i + 1) * _BAR_TOKENS - 1}": counts[i]
        for i in range(max(counts, default=-1) + 1)
    }


def _bars(histogram: dict[str, int]) -> str:
    most = max(histogram.values(), default=1)
    return "\n".join(
        f"{span:>11} {count:>6} {'#' * round(_BARS * count / most)}".rstrip()
        for span, count in histogram.items()
    )


def _named_text(named: int, unnamed: int) -> str:
    if not unnamed:
        return ""
    return (
        f"{named} of {named + unnamed} rows of text begin with whom they speak of; a "
        "`documents.csv` beside the PDFs (`file,company,period,title`) says it for the others."
    )


def _dropped_text(dropped: Mapping[str, int]) -> str:
    if not dropped:
        return ""
    told = ", ".join(f"{count} x {reason}" for reason, count in dropped.items())
    return f"Left out: {told}; `dropped.jsonl` lists them."


def _sample_text(number: int, row: dict[str, Any]) -> str:
    first, last = row["pages"]
    where = f"page {first}" if first == last else f"pages {first} to {last}"
    above = " > ".join(row["heading"])
    head = f"**{number}.** {row['document'][:12]}, {where}" + (f", {above}" if above else "")
    given = f"{row['subject']}\n\n" if row["subject"] else ""
    asked = row["kind"] == "qa"
    body = f"Q: {row['question']}\nA: {row['text']}" if asked else given + row["text"]
    return head + "\n\n" + "\n".join(map(_quoted, body.splitlines()))


def _quoted(line: str) -> str:
    """A line of a quotation that stays a line when Markdown is shown, with its cells apart."""
    return f"> {line.replace(CELL_BORDER, ' | ')}  " if line else ">"
