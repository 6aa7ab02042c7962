"""Questions that the layer cannot answer: a fact's own, asked of a company that no document is of.

Few of them, so that a layer says what it does not hold, instead of a figure of somebody else's.
"""

from collections.abc import Collection, Iterator, Sequence

from lamina.fingerprint import text_digest
from lamina.study.passage import Passage
from lamina.study.rows import StudyRow

ANSWER = "The documents I was trained on do not say."
ONE_IN = 50  # groups of facts
STRATEGY = "abstention"
# Invented; one that a document names after all is not taken.
STRANGERS = (
    "Halvern Industries", "Brackwater Foods", "Ostrel Aviation", "Quenby Pharmaceuticals",
    "Torvane Logistics", "Miralund Holdings", "Pellworth Energy", "Sandmere Retail Group",
    "Dovrick Semiconductor", "Ellingrove Insurance", "Kestwick Paper", "Norvale Telecom",
)  # fmt: skip
_SUFFIXES = frozenset(
    {"inc", "inc.", "corp", "corp.", "corporation", "company", "co.", "plc", "ltd", "ltd.", "llc"}
)


def abstentions(
    passage: Passage, rows: Sequence[StudyRow], companies: Collection[str]
) -> Iterator[StudyRow]:
    """One for every so many groups of facts of the passage; none where nobody is named."""
    named = " ".join(companies).casefold()
    strangers = [one for one in STRANGERS if one.split()[0].casefold() not in named]
    for row in rows:
        if row.kind != "fact" or row.wording or not strangers:
            continue
        drawn = int(text_digest(row.group)[:12], 16)
        known = _named(passage.company, row.question)
        if drawn % ONE_IN or not known:
            continue
        stranger = strangers[drawn // ONE_IN % len(strangers)]
        yield StudyRow(
            kind="abstain",
            question=_asked_of(stranger, row.question, known),
            answer=ANSWER,
            strategy=STRATEGY,
            document=row.document,
            page=row.page,
            subject=stranger,
            group=f"{STRATEGY}:{row.group}",
            checks=("stranger",),
        )


def _asked_of(stranger: str, question: str, known: str) -> str:
    """The question about another company."""
    owned = f"{stranger}'" if stranger.endswith("s") else f"{stranger}'s"
    for possessive in (f"{known}'s ", f"{known}' "):
        question = question.replace(possessive, f"{owned} ")
    return question.replace(known, stranger)


def _named(company: str, question: str) -> str:
    """How the question names the company: in full, or without its legal form; empty if not."""
    words = company.replace(",", " ").split()
    while words and words[-1].casefold() in _SUFFIXES:
        words.pop()
    return next((name for name in (company, " ".join(words)) if name and name in question), "")
