"""What decides between text and no text, rule by rule."""

import random

import pytest

from lamina.corpus.verdict import VerdictSettings, judge
from lamina.errors import InvalidInputError
from lamina.text.pages import Line, Page, PageKind, Pages

PROSE = (
    "The company measures each lease at the present value of the payments that are still to be "
    "made and it uses the rate that is stated in the contract or the rate at which it could "
    "borrow the same amount over the same term as that of the lease and of its options. "
)
NAMES = (
    "Harbor Light Power Company, Hudson Utility Trust, Northeast Electric Association, Eastern "
    "Shore Street Lighting, Southeast Heating Enterprise, Western Counties Machine Tools, Sea "
    "Island Storehouses, Northern Steel, Great Lakes Metal, Three Rivers Timber, Seaside Hotels "
)


def page(text: str, number: int = 1, kind: PageKind = "text", bad: int = 0) -> Page:
    return Page(number=number, kind=kind, lines=(Line(text, 0, 0, 0, 0),) * bool(text), bad=bad)


def document(*pages: Page, notes: tuple[str, ...] = (), problem: str | None = None) -> Pages:
    return Pages(format="pdf", pages=pages, notes=notes, problem=problem, detail="it is so")


def scrambled(text: str) -> str:
    """Every letter replaced by another one, as a font without a map of characters gives it."""
    letters = sorted({char for char in text if char.isalpha()})
    others = random.Random(1).sample(letters, len(letters))
    return text.translate(str.maketrans(dict(zip(letters, others, strict=True))))


@pytest.mark.parametrize(
    ("reason", "pages"),
    [
        ("no_text", document(page("", kind="scanned"))),
        ("no_text", document(page("", kind="blank"), page("", 2, kind="blank"))),
        ("garbled_text", document(page(PROSE * 3, kind="garbled", bad=200))),
        ("too_short", document(page("Amounts in millions."))),
        ("language", document(page(scrambled(PROSE) * 3))),
        ("xfa_form", document(page(PROSE), notes=("xfa",))),
        ("encrypted", document(problem="encrypted")),
        ("timeout", document(problem="timeout")),
        ("memory", document(problem="memory")),
        ("too_large", document(problem="too_large")),
        ("no_pages", document(problem="no_pages")),
    ],
)
def test_a_document_is_refused_for_one_reason(reason: str, pages: Pages) -> None:
    outcome = judge(pages, VerdictSettings())

    assert (outcome.recommended, outcome.reasons) == (False, (reason,))
    assert outcome.score < 60
    assert outcome.sentence.endswith(".")


@pytest.mark.parametrize(
    ("warning", "pages"),
    [
        ("partial", document(page(PROSE * 3), notes=("partial",))),
        ("repaired", document(page(PROSE * 3), notes=("repaired",))),
        ("many_blank_pages", document(page(PROSE * 3), page("", 2, kind="blank"))),
        ("scanned_pages", document(page(PROSE * 3), page("", 2, kind="scanned"))),
        ("mostly_lists", document(page(PROSE * 3), *(page(NAMES * 30, n) for n in range(2, 9)))),
    ],
)
def test_a_document_is_accepted_with_a_warning(warning: str, pages: Pages) -> None:
    outcome = judge(pages, VerdictSettings())

    assert (outcome.recommended, outcome.reasons) == (True, (warning,))


def test_a_few_garbled_pages_are_left_out_of_an_accepted_document() -> None:
    good = [page(PROSE * 3, number) for number in range(1, 6)]

    outcome = judge(document(*good, page("%&/", 6, "garbled", bad=900)), VerdictSettings())

    assert (outcome.recommended, outcome.reasons) == (True, ("garbled_pages",))


def test_a_page_of_prose_does_not_carry_pages_without_meaning() -> None:
    pages = document(page(PROSE), *(page(scrambled(PROSE) * 3, n) for n in range(2, 20)))

    assert judge(pages, VerdictSettings()).reasons == ("language",)


def test_length_is_never_punished() -> None:
    short = judge(document(page(PROSE * 3)), VerdictSettings())
    long = judge(document(*(page(PROSE * 30, n) for n in range(1, 100))), VerdictSettings())

    assert short.score == long.score == 100


def test_every_language_can_be_allowed() -> None:
    outcome = judge(document(page(scrambled(PROSE) * 3)), VerdictSettings(language="any"))

    assert outcome.recommended


def test_an_unknown_language_names_those_there_are() -> None:
    with pytest.raises(InvalidInputError, match=r"'xx' is not known; choose one of .*de, en.*any"):
        judge(document(page(PROSE)), VerdictSettings(language="xx"))
