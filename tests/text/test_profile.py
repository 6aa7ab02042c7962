"""What a layer says of what it was trained on: small, the same everywhere, or refused."""

import base64
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.errors import DamagedError
from lamina.passport import profile
from lamina.text.rows import Row
from lamina.text.terms import terms


def rows(count: int, words: int, documents: int = 3) -> Iterator[Row]:
    """Rows of made words, each of them new."""
    for number in range(count):
        spelled = (_letters(number * words + at) for at in range(words))
        yield Row(
            layer="made",
            split="train",
            kind="text",
            text=" ".join(spelled),
            document=f"{number % documents:03}",
            pages=(1, 1),
            subject=f"Maker {_letters(number % documents)}, fiscal 2022",
        )


def _letters(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) * 2 for digit in f"{number:05}")


def test_it_says_how_often_each_document_says_a_term() -> None:
    found = profile.read(profile.of_rows(rows(6, 10)))
    place = list(found.terms).index(profile.number("maker"))

    assert found.counts[:, place].tolist() == [2, 2, 2]


def test_equal_rows_give_equal_profiles() -> None:
    assert profile.of_rows(rows(6, 10)) == profile.of_rows(rows(6, 10))


def test_a_large_layer_keeps_what_it_says_most() -> None:
    written = profile.of_rows(rows(200, 100))
    found = profile.read(written)

    assert 0.8 * profile.LIMIT < len(written) <= profile.LIMIT
    assert profile.number("maker") in found.terms


def test_many_documents_are_put_together() -> None:
    found = profile.read(profile.of_rows(rows(300, 5, documents=150)))

    assert 32 <= len(found.counts) <= profile.MOST_DOCUMENTS


def test_without_telling_words_there_is_none() -> None:
    silent = next(rows(1, 1)).model_copy(update={"text": "the 12.5 of 7", "subject": ""})

    assert profile.of_rows([silent]) == ""


def _packed(raw: bytes) -> str:
    return base64.b85encode(zlib.compress(raw)).decode()


SOUND = zlib.decompress(base64.b85decode(profile.of_rows(rows(2, 3))))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no base85 \u00e9",
        _packed(b""),
        _packed(b"\x63" + SOUND[1:]),  # another version
        _packed(SOUND[:-1]),
        _packed(SOUND + b"\x00"),
        _packed(SOUND[:6] + bytes(len(SOUND) - 6)),  # a term twice
        _packed(bytes(1 << 26)),  # more than anything sound
        _packed(b"\x01\x01" + bytes(4)),  # no term
        _packed(b"\x01\x00\x01" + bytes(7)),  # no document
        _packed(b"\x01\x01\x01" + bytes(8)),  # nothing said
    ],
)
def test_what_is_no_profile_is_refused(text: str) -> None:
    with pytest.raises(DamagedError):
        profile.read(text)


@given(st.binary(max_size=40))
def test_what_was_written_in_base_85_is_read_again(raw: bytes) -> None:
    assert profile._decoded(base64.b85encode(raw).decode()) == raw  # noqa: SLF001


@given(st.binary(max_size=80).map(_packed) | st.text(max_size=80))
def test_whatever_a_file_holds_it_is_a_profile_or_refused(text: str) -> None:
    try:
        found = profile.read(text)
    except DamagedError:
        return
    assert found.counts.shape[1] == len(found.terms)
    assert found.counts.any()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What were the leases?", ["leas"]),
        ("Amcor's inventories", ["amcor", "inventory", "amcor inventory"]),
        ("in 2022, 2021", ["2022", "2021", "2022 2021"]),
        ("$1,852 million of 12.2022 and 2,022", ["million"]),
        ("hedged hedging hedge", ["hedg"] * 3 + ["hedg hedg"] * 2),
        ("d\u00e9pr\u00e9ciation", ["d\u00e9pr\u00e9ciation"]),
    ],
)  # fmt: skip
def test_terms_are_telling_words_and_pairs(text: str, expected: list[str]) -> None:
    assert expected == list(terms(text))
