"""Tells an answer that says that it does not know."""

import re

from lamina.assessment.grading.asides import is_name
from lamina.assessment.grading.dates import dates
from lamina.assessment.grading.figures import figures

_GIVEN = (
    r"(?:stated|disclosed|given|specified|mentioned|provided|reported|available|known|found"
    r"|included|contained|listed|determin\w+|shown|public\w*|clear|answerable|in\s+(?:the|these|my)"
    r"\s+(?:provided\s+|given\s+)?(?:documents?|text|context|filings?|passage|sources?|data|excerpts?|notes?))"
)
_ABSTAINS = re.compile(
    rf"""
    \bnot\s+(?:(?:been|explicitly|separately|specifically|directly)\s+)?{_GIVEN}
    | \b(?:isn't|wasn't|aren't|weren't)\s+(?:(?:explicitly|separately)\s+)?{_GIVEN}
    | \b(?:do|does|did)(?:\s+not|n't)\s+(?:know|state|say|disclose|give|provide|mention
        |have\s+(?:any|the|that|enough)|have\s+(?:[\w-]+\s+){{0,2}}(?:access|information|details?
            |data|records?|knowledge|answers?|figures?|context)|specify|report|contain|include|recall)\b
    | \b(?:can|could)(?:not|\s+not|'t)\s+(?:be\s+)?(?:say|tell|find|answer|determin|establish
        |locat|found|answered|provide)
    | \b(?:unable|impossible)\s+to\s+(?:say|tell|find|answer|determine|provide)
    | \bno\s+(?:such\s+)?(?:information|answer|data|mention|disclosure|indication)\b
    | \b(?:insufficient|not\s+enough|lack\s+of)\s+(?:information|data|evidence|context)\b
    | \b(?:unknown|undisclosed|unspecified|unanswerable|unavailable|not\s+sure|unsure)\b
    | \A\W*n/?a\W*\Z
    """,
    re.IGNORECASE | re.VERBOSE,
)


def without_refusal(text: str) -> str:
    """The text without the words that say that something is not known."""
    return _ABSTAINS.sub(" ", text)


def abstains(answer: str, question: str = "") -> bool:
    """Whether the answer says that it does not know, and gives no figure all the same."""
    if not _ABSTAINS.search(answer):
        return False
    asked = {one.number for one in figures(question)}
    timed = dates(answer)
    return not any(
        not is_name(answer, one.start, one.end)
        and one.number not in asked
        and not any(date.start <= one.start < date.end for date in timed)
        and (one.bare or one.currency or one.share or one.scale != 1)
        for one in figures(answer)
        if answer[one.start : one.end].casefold() != "one"
    )
