"""Sentences that say an amount of something at a time: questions in full."""

import re
from collections.abc import Iterator

from lamina.study.facts.periods import Period, periods_in, said
from lamina.study.facts.sentences.maker import Maker
from lamina.study.facts.sentences.values import VALUE, figures, values
from lamina.study.facts.tables.context import lowered
from lamina.study.rows import Dropped, StudyRow

_VERB = r"(?P<verb>was|were|is|are|totaled|totalled|amounted to|aggregated)"
_WHEN = (
    r"(?:in|for|at|as of|during|at the end of)\s+(?:the\s+)?(?:fiscal\s+)?(?:years?\s+|quarter\s+|"
    r"(?:three|six|nine)\s+months\s+)?(?:ended\s+)?[^$%;]{4,60}?"
)
_LEADING = re.compile(
    r"(?P<when>(?:In|For|At|As of|During)\s[^$%;]{4,60}?),\s+(?P<what>[^$%;()]{4,140}?)\s+"
    rf"{_VERB}\s+(?P<rest>.+?)(?:,\s+respectively)?\."
)
_TRAILING = re.compile(
    rf"(?P<what>[A-Z][^$%;()]{{3,140}}?)\s+{_VERB}\s+(?P<rest>.+?)\s+(?P<when>{_WHEN})"
    r"(?:,\s+respectively)?\."
)
_LIST = re.compile(r"\s*(?:,\s*and|,|and)\s*")
_NO_ITEM = re.compile(
    r"\b(?:there|that|which|who|if|when|while|because|although|was|were|is|are|has|have|had|and|but|year|"
    r"compared|than|versus)\b|\d",
    re.IGNORECASE,
)
_FEWEST_WORDS, _MOST_WORDS = 3, 16


def amount_rows(maker: Maker, text: str, evidence: str) -> Iterator[StudyRow | Dropped]:
    """Rows of `X was $5 million in 2022` and `X was $5 million and $4 million in 2022 and 2021`."""
    found = _LEADING.fullmatch(text) or _TRAILING.fullmatch(text)
    if not found or not (item := _item(maker, found["what"])):
        return
    periods, rest = periods_in(_whole(found["when"]))
    amounts = _amounts(found["rest"])
    if not periods or len(amounts) != len(periods) or re.sub(r"[\s,]|and|the", "", rest):
        yield maker.dropped("unclear-sentence", evidence)
        return
    plural = found["verb"] in {"were", "are"}
    for amount, period in zip(amounts, periods, strict=True):
        if amount:
            yield from _asked(maker, item, period, amount, evidence, plural=plural)
        else:
            yield maker.dropped("no-scale", evidence)


def _item(maker: Maker, what: str) -> str:
    """The item as the company's; empty where it is no plain noun phrase."""
    bare = re.sub(rf"^(?:{re.escape(maker.owner)}|The|the)\s+", "", what.strip(" ,"))
    words = bare.split()
    is_vague = bare != what and len(words) < _FEWEST_WORDS  # `The liability`: which one?
    if _NO_ITEM.search(bare) or is_vague or len(words) > _MOST_WORDS or maker.company in bare:
        return ""
    return lowered(bare)


def _whole(when: str) -> str:
    """`June 30, 2022 and 2021` with its day said of each year."""
    day = re.search(r"\b[A-Z][a-z]+ \d{1,2},(?= (?:19|20)\d\d)", when)
    if not day:
        return when
    start = day.end()
    span = re.search(r"(?:fiscal\s+)?years?\s+ended\s", when)
    said_of_each = f"{'year ended ' if span else ''}{day.group()} "
    return when[:start] + re.sub(
        r"(?<=, )(?=(?:19|20)\d\d)|(?<=and )(?=(?:19|20)\d\d)", said_of_each, when[start:]
    )


def _amounts(rest: str) -> list[str]:
    """The amounts of a list, an empty one where the scale is not certain; none if words remain."""
    found = list(values(rest))
    words = rest
    for value in reversed(found):
        words = f"{words[: value.start]} {words[value.end :]}"
    if re.sub(r"[\s,]|\band\b", "", words) or figures(words):
        return []
    return [value.text if _is_sure(value.text) else "" for value in found]


def _is_sure(text: str) -> bool:
    found = VALUE.fullmatch(text)
    return found is not None and (found["currency"] is None or bool(found["scale"]))


def _asked(  # noqa: PLR0913 - all that a question names
    maker: Maker, item: str, period: Period, amount: str, evidence: str, *, plural: bool
) -> Iterator[StudyRow]:
    when = said(period, flow=None, fiscal=maker.period.startswith("fiscal"))
    when = [one for one in when if not one.startswith(("under", "in the column"))] or [
        f"at {period.date}"
    ]
    whens = [when[n % len(when)] for n in range(7)]
    was = "were" if plural else "was"
    company, whose = maker.company, maker.owner
    questions = (
        f"What {was} {whose} {item} {whens[0]}?",
        f"{whens[1]}, what did {company} report as its {item}?",
        f"What figure does {company} give for {item} {whens[2]}?",
        f"State {whose} {item} {whens[3]}.",
        f"Which value did {company} disclose for {item} {whens[4]}?",
        f"{company}, {whens[5]}: what {was} the {item}?",
        f"Fill in the gap: {whose} {item} {was} ____ {whens[6]}.",
    )
    yield from maker.rows("fact", questions, amount, evidence, ("one-period", "one-unit"))
