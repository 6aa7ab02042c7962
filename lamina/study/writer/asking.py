"""What a writer is asked, and what is made of what it says. Pure."""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from lamina.prompts.messages import Message, user
from lamina.study.passage import Passage

VERSION = 1  # of the words below
MOST_TOKENS = 700
MOST_TOKENS_BLIND = 60
QUESTIONS = 8
_PAGE_CHARACTERS = 6000
_JSON = re.compile(r"\{[^{}]*\}")
_LABELLED = re.compile(
    r"^\s*(?:\d+[.)]\s*)?(?:\*\*)?(?:Q|Question)(?:\s*\d+)?\s*[:.]\s*(?P<question>.+?)\s*\n+"
    r"\s*(?:\*\*)?(?:A|Answer)(?:\s*\d+)?\s*[:.]\s*(?P<answer>.+?)\s*$",
    re.MULTILINE | re.IGNORECASE,
)
_UNSURE = re.compile(
    r"\b(?:do(?:es)? not|don't|cannot|can't|not able|unable|no information|unknown|not sure"
    r"|as an ai)\b",
    re.IGNORECASE,
)

_ASK = """Below is page {page} of a document about {subject}.

{text}

Write {count} questions that this page answers: what, why, how much, compare, define, list, yes or \
no. Each question names {company} and the period it asks about, and can be understood without the \
page. Each answer is as short as can be, in the words and figures of the page. \
Write one JSON object a line, and nothing else: {{"question": "...", "answer": "..."}}"""


class Written(NamedTuple):
    """A question and its answer, as the writer gave them."""

    question: str
    answer: str


def asked(passage: Passage) -> list[Message]:
    """The request for questions, with the page in view."""
    text = passage.page.text[:_PAGE_CHARACTERS]
    return [
        user(
            _ASK.format(
                page=passage.page.number,
                subject=subject(passage),
                text=text,
                count=QUESTIONS,
                company=passage.company,
            )
        )
    ]


def blind(question: str) -> list[Message]:
    """The same question without the page: what the writer knows anyway need not be taught."""
    return [user(f"{question} Answer in a few words.")]


def subject(passage: Passage) -> str:
    """Whom the page speaks of."""
    return ", ".join(filter(None, (passage.company, passage.title, passage.period)))


def read(text: str) -> Iterator[Written]:
    """Questions with answers: JSON objects, or lines that begin with Q and A."""
    found = [_object(piece) for piece in _JSON.findall(text)]
    if not any(found):
        found = [Written(one["question"], one["answer"]) for one in _LABELLED.finditer(text)]
    for one in found:
        if one and one.question and one.answer:
            yield Written(*(" ".join(part.split()) for part in one))


def _object(piece: str) -> Written | None:
    try:
        told = json.loads(piece)
        return Written(str(told["question"]), str(told["answer"]))
    except (ValueError, LookupError):
        return None


def is_unsure(answer: str) -> bool:
    """Whether an answer says that it does not know."""
    return not answer.strip() or _UNSURE.search(answer) is not None
