"""A held-out section is chosen by content, one run of neighbouring pieces."""

from hypothesis import given
from hypothesis import strategies as st

from lamina.dataset.settings import DatasetSettings
from lamina.dataset.split import sections
from lamina.fingerprint import text_digest
from lamina.text.blocks import Block

SETTINGS = DatasetSettings()


def paragraphs(count: int) -> list[Block]:
    return [Block("text", f"Paragraph {number} says one thing.", (1, 1)) for number in range(count)]


def share(blocks: list[Block], document: str = "a") -> float:
    parts = sections(document, blocks, SETTINGS)
    size = dict.fromkeys(("train", "validation"), 0)
    for split, part in parts:
        size[split] += sum(len(block.text) for block in part)
    return size["validation"] / sum(size.values())


@given(st.text(min_size=1), st.integers(20, 200))
def test_about_a_tenth_of_a_document_is_held_out(document: str, count: int) -> None:
    assert 0.03 < share(paragraphs(count), text_digest(document)) < 0.2


def test_what_is_held_out_is_one_section() -> None:
    splits = [split for split, _ in sections("a", paragraphs(40), SETTINGS)]

    assert splits == ["train", "validation", "train"]


def test_a_long_document_leaves_a_gap_around_its_section() -> None:
    kept = sum(len(part) for _, part in sections("a", paragraphs(100), SETTINGS))

    assert kept == 98


def test_a_short_document_gives_sentences() -> None:
    block = Block("text", " ".join(f"Sentence {n} is short." for n in range(10)), (1, 1))

    assert 0.05 < share([block]) < 0.25


def test_questions_stay_in_train() -> None:
    asked = [Block("qa", "12 months", (1, 1), question=f"How long is {n}?") for n in range(30)]

    parts = sections("a", [*paragraphs(20), *asked], SETTINGS)

    assert [
        block.question for split, part in parts for block in part
        if block.kind == "qa" and split == "train"
    ] == [block.question for block in asked]  # fmt: skip


@given(st.text(min_size=1), st.integers(0, 40))
def test_a_large_table_does_not_swell_what_is_held_out(document: str, place: int) -> None:
    table = [Block("row", f"Goodwill {number}  2,110", (1, 1)) for number in range(60)]
    blocks = paragraphs(40)
    blocks[place:place] = table

    assert 0.04 < share(blocks, text_digest(document)) < 0.21


def test_a_table_is_held_out_whole_or_not_at_all() -> None:
    table = [Block("row", f"Goodwill {number}  2,110", (1, 1)) for number in range(10)]
    blocks = [block for paragraph in paragraphs(20) for block in (paragraph, *table)]
    for document in "abcdefgh":
        counts = [
            sum(block.kind == "row" for block in part)
            for _, part in sections(document, blocks, SETTINGS)
        ]

        assert all(count % len(table) == 0 for count in counts)


def test_a_heading_goes_with_what_stands_below_it() -> None:
    blocks = [
        piece
        for number, block in enumerate(paragraphs(40))
        for piece in (Block("heading", f"Heading {number}", (1, 1), level=1), block)
    ]
    for document in "abcdefgh":
        parts = sections(document, blocks, SETTINGS)

        assert not any(part[-1].kind == "heading" for _, part in parts)


def test_every_document_of_text_holds_something_out() -> None:
    assert all(share(paragraphs(8), str(number)) > 0 for number in range(50))
