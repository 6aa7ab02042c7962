"""What `auto` is worth, as a table: a row a topic, and one for all. Pure."""

from lamina.assessment.report.auto import Against, Auto, Found
from lamina.assessment.report.page.words import NONE, name, percent, row, signed, table, term

NOTE = (
    "Whom the server finds by what is asked: the right one is the layer of the topic, on questions "
    "that it can know, and the base on general ones. Whoever is found answers. Differences are in "
    f"{term('points')}, with their {term('interval')}. No verdict counts this."
)
_HEADS = ("", "Questions", "Right layer found", "Right: auto", "Its layer", "Difference", "Base",
          "Difference")  # fmt: skip


def auto_section(auto: Auto | None) -> str:
    """Empty text where it was not asked."""
    if auto is None:
        return ""
    return table("speeds", _HEADS, map(_row, (auto.all, *auto.topics)))


def _row(one: Found) -> str:
    figures = (
        str(one.n),
        percent(one.found),
        percent(one.correct),
        *_beside(one.layer),
        *_beside(one.base),
    )
    return row(name(one.topic) or "all topics", figures)


def _beside(other: Against | None) -> tuple[str, str]:
    if other is None:
        return NONE, NONE
    if other.low is None or other.high is None:
        return percent(other.correct), signed(other.gain)
    interval = f"{signed(other.low)} to {signed(other.high)}"
    return percent(other.correct), f"{signed(other.gain)} ({interval})"
