"""Chunks are bounded in tokens and end where the text does."""

import re

import sheets
from hypothesis import given
from hypothesis import strategies as st

from lamina.dataset.chunks import chunks
from lamina.text.blocks import Block
from lamina.text.sentences import sentences


def text(words: str, page: int = 1) -> Block:
    return Block("text", words, (page, page))


def sentence(number: int) -> str:
    return f"Sentence {number} has five words."


def cut(blocks: list[Block], limit: int) -> list[str]:
    return [chunk.text for chunk in chunks(blocks, sheets.count_words, limit)]


def test_paragraphs_that_fit_stay_together() -> None:
    assert cut([text(sentence(1)), text(sentence(2))], 50) == [f"{sentence(1)}\n\n{sentence(2)}"]


def test_a_chunk_ends_between_paragraphs_when_it_is_half_full() -> None:
    paragraph = " ".join(sentence(number) for number in range(3))  # 15 words, 21 with separators

    assert cut([text(paragraph), text(paragraph)], 40) == [paragraph, paragraph]


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    paragraph = " ".join(sentence(number) for number in range(10))

    assert all(chunk.endswith("words.") for chunk in cut([text(paragraph)], 16))


def test_rows_are_never_torn_and_stay_lines() -> None:
    rows = [Block("row", f"Goodwill {number} 2,110 1,980", (1, 1)) for number in range(4)]

    assert cut(rows, 13) == [f"{rows[0].text}\n{rows[1].text}", f"{rows[2].text}\n{rows[3].text}"]


def test_a_table_that_fits_a_chunk_of_its_own_is_not_torn() -> None:
    rows = [Block("row", f"Goodwill {number} 2,110 1,980", (1, 1)) for number in range(4)]
    before = text(" ".join(sentence(number) for number in range(3)))

    assert cut([before, *rows], 32) == [before.text, "\n".join(row.text for row in rows)]


def test_a_table_that_goes_on_has_its_column_names_again() -> None:
    names = Block("row", "In millions  2022  2021", (1, 1))  # 6 tokens, the others too
    rows = [Block("row", f"Goodwill {number}  2,110  1,980", (1, 1)) for number in range(4)]

    assert cut([names, *rows], 19) == [
        f"{names.text}\n{rows[0].text}\n{rows[1].text}",
        f"{names.text}\n{rows[2].text}\n{rows[3].text}",
    ]


def test_a_heading_is_never_the_last_thing_in_a_chunk() -> None:
    blocks = [
        text(sentence(0)),
        Block("heading", "Rates", (1, 1), level=1),
        text(" ".join(sentence(number) for number in range(3))),
    ]

    assert not any(chunk.endswith("Rates") for chunk in cut(blocks, 16))


def test_what_leads_on_to_a_table_stays_with_it() -> None:
    blocks = [
        text(f"{sentence(0)} {sentence(1)}"),
        text("The rates are as follows:"),
        Block("row", "Leases  5 %  6 %", (1, 1)),
    ]

    assert cut(blocks, 24) == [
        f"{sentence(0)} {sentence(1)}",
        "The rates are as follows:\n\nLeases  5 %  6 %",
    ]


def test_a_chunk_knows_its_pages() -> None:
    (chunk,) = chunks([text("One.", 3), text("Two.", 5)], sheets.count_words, 50)

    assert chunk.pages == (3, 5)


def test_an_abbreviation_does_not_end_a_sentence() -> None:
    assert sentences("It was sold by Amcor Inc. to Mr. Quist. Nobody knew.") == [
        "It was sold by Amcor Inc. to Mr. Quist.",
        "Nobody knew.",
    ]


def test_a_title_set_like_the_text_is_never_the_last_thing_in_a_chunk() -> None:
    blocks = [
        text(sentence(0)),
        text("Accumulated Other Comprehensive Income (Loss)"),
        text(" ".join(sentence(number) for number in range(3))),
    ]

    assert not any(chunk.endswith("(Loss)") for chunk in cut(blocks, 23))


def test_an_item_without_a_full_stop_stays_with_the_items_above_it() -> None:
    items = [text("(1) Includes sales to the government"), text("(2) Excludes contracts with it")]
    blocks = [*items, text(" ".join(sentence(number) for number in range(3)))]

    assert cut(blocks, 22)[0] == "\n\n".join(item.text for item in items)


def test_a_sentence_longer_than_a_chunk_is_cut_between_its_parts() -> None:
    parts = [f"part {number} is a thing of its own;" for number in range(6)]

    assert all(chunk.endswith(";") for chunk in cut([text(" ".join(parts))], 20))


words = st.lists(
    st.sampled_from(["lease", "rate", "5,000", "(12)", "term."]), min_size=1, max_size=20
)
block = st.builds(
    lambda kind, parts: Block(kind, " ".join(parts), (1, 1)),
    st.sampled_from(["text", "row", "heading"]),
    words,
)


@given(st.lists(block, max_size=12), st.integers(8, 60))
def test_no_word_is_lost_or_moved_and_no_chunk_is_too_long(blocks: list[Block], limit: int) -> None:
    result = cut(blocks, limit)

    assert re.split(r"\s+", " ".join(result).strip()) == re.split(
        r"\s+", " ".join(block.text for block in blocks).strip()
    )
    assert all(len(chunk.split()) <= limit for chunk in result)
