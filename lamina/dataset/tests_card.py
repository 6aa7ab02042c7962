"""The card of the test part: how much of it remains for each layer, and what to do about little."""

from collections.abc import Mapping
from typing import Any

TEST_CARD = "test.md"
ENOUGH_DOCUMENTS = 5  # from which a loss on test text can decide (the rule of a layer's verdict)


def card_text(layers: Mapping[str, Mapping[str, Any]]) -> str:
    """The card as Markdown."""
    left_out = sum(counts["left_out"] for counts in layers.values())
    rows = sum(counts["rows"] for counts in layers.values())
    lines = [
        "# The test",
        "",
        (
            "Text that no layer was trained on, in whatever figures: no row of it shares thirteen "
            "words in a row, figures aside, with any layer's training rows. Steps, rates "
            f"and levels are chosen on other text (validation). {rows} rows remain; {left_out} "
            "were left out, because training has a passage of theirs (`left_out.jsonl` of the "
            "artifact lists them)."
        ),
        "",
        "| layer | documents | rows | left out | tokens | |",
        "|---|---:|---:|---:|---:|---|",
        *(
            f"| {layer} | {counts['documents']} | {counts['rows']} | {counts['left_out']} "
            f"| {counts['tokens']} | {advice(counts)} |"
            for layer, counts in layers.items()
        ),
    ]
    return "\n".join(lines) + "\n"


def advice(counts: Mapping[str, Any]) -> str:
    """What to do where a layer's test is too little; empty where it is enough."""
    missing = ENOUGH_DOCUMENTS - counts["documents"]
    if missing <= 0:
        return ""
    if not counts["documents"] and not counts["left_out"]:
        return (
            "no test: too few documents, or all say the same; add some of other companies, "
            "or decide by exam questions"
        )
    return (
        f"too little for text to decide: {missing} more test documents, "
        f"or 20 exam questions over {ENOUGH_DOCUMENTS} documents"
    )
