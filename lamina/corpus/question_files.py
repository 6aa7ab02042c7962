"""A file of questions beside the PDFs: what can be taken is taken, the rest is told."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from lamina.text.pages import Pages
from lamina.text.question_files import LeftOut, read_question_file

_MOST_PLACES = 3  # named of each kind


def read_questions(path: Path) -> Pages:
    """Questions with answers, and their evidence if there is some; each entry once.

    Entries that cannot be taken are left out; the `partial` note tells that there were some, and
    the detail how many, where and why.
    """
    questions, left = read_question_file(path)
    told = ", ".join(_told(left))
    if not questions:
        detail = f"no entry of it holds a question and an answer ({told or 'it is empty'})"
        return Pages(format="questions", problem="no_questions", detail=detail)
    notes = ("partial",) if left else ()
    return Pages(format="questions", questions=questions, notes=notes, detail=told)


def _told(left: Sequence[LeftOut]) -> Iterator[str]:
    for reason in dict.fromkeys(one.reason for one in left):
        places = [one.place for one in left if one.reason == reason]
        more = ", ..." if len(places) > _MOST_PLACES else ""
        yield f"{len(places)} {reason} ({', '.join(places[:_MOST_PLACES])}{more})"
