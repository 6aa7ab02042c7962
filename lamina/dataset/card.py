"""The dataset's card: what a person should know before training on it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from lamina.rows import Row

_BARS = 40  # characters of the longest bar
_SAMPLES = 10


def card(layer: str, rows: Sequence[Row], dropped: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The figures of the card, as JSON values."""
    train = [row for row in rows if row.split == "train"]
    heldout = [row for row in rows if row.split == "heldout"]
    return {
        "layer": layer,
        "documents": len({row.document for row in rows}),
        "pages": len({(row.document, page) for row in rows for page in _pages(row)}),
        "train": _counted(train),
        "heldout": _counted(heldout),
        "documents_held_out_whole": sorted(
            {row.document for row in heldout} - {row.document for row in train}
        ),
        "dropped": dict(sorted(Counter(entry["reason"] for entry in dropped).items())),
        "length_histogram": _histogram([row.n_tokens for row in rows if row.kind == "text"]),
        "samples": [row.model_dump(mode="json") for row in _spread(train)],
    }


def card_text(facts: dict[str, Any]) -> str:
    """The card as Markdown."""
    parts = [
        f"# Dataset of {facts['layer']}",
        f"{facts['documents']} documents, {facts['pages']} pages.",
        "| part | rows | questions | tokens |\n|---|---:|---:|---:|\n"
        + "\n".join(
            f"| {name} | {facts[name]['rows']} | {facts[name]['questions']} "
            f"| {facts[name]['tokens']} |"
            for name in ("train", "heldout")
        ),
        _dropped_text(facts["dropped"]),
        "## Tokens per row of text\n\n```\n" + _bars(facts["length_histogram"]) + "\n```",
        "## Rows from the training part",
        *[_sample_text(number, row) for number, row in enumerate(facts["samples"], start=1)],
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _counted(rows: Sequence[Row]) -> dict[str, int]:
    return {
        "rows": len(rows),
        "questions": sum(row.kind == "qa" for row in rows),
        "tokens": sum(row.n_tokens for row in rows),
    }


def _pages(row: Row) -> range:
    return range(row.pages[0], row.pages[1] + 1)


def _histogram(lengths: Sequence[int]) -> dict[str, int]:
    """Rows per range of 64 tokens."""
    width = 64
    counts = Counter(length // width for length in lengths)
    return {
        f"{i * width}-{(i + 1) * width - 1}": counts[i] for i in range(max(counts, default=-1) + 1)
    }


def _spread(rows: Sequence[Row]) -> list[Row]:
    """Rows from all over the dataset, always the same ones."""
    step = max(1, len(rows) // _SAMPLES)
    return list(rows[::step][:_SAMPLES])


def _bars(histogram: dict[str, int]) -> str:
    most = max(histogram.values(), default=1)
    return "\n".join(
        f"{span:>11} {count:>6} {'#' * round(_BARS * count / most)}".rstrip()
        for span, count in histogram.items()
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
    body = f"Q: {row['question']}\nA: {row['text']}" if row["kind"] == "qa" else row["text"]
    return head + "\n\n" + "\n".join(f"> {line}".rstrip() for line in body.splitlines())
