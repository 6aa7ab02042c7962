import shutil
from pathlib import Path

import layer_orders
import pytest

from lamina.errors import MismatchError
from lamina.prompts import Prompts, user
from lamina.prompts.folder import folder_prompts
from lamina.text.rows import Row
from lamina.training.documents import Document, encode_rows, labels

BOS, EOS = 1, 2


def row(kind: str, text: str, question: str | None = None) -> Row:
    first = layer_orders.rows("leases", "train")[0]
    return first.model_copy(update={"kind": kind, "text": text, "question": question})


def prompts(base: Path) -> Prompts:
    return folder_prompts(base)


def test_a_text_begins_with_one_bos_and_ends_with_eos(base: Path) -> None:
    (document,) = encode_rows([row("text", "The deposit is paid in March.")], prompts(base), 100)

    assert (document.ids[0], document.ids[-1]) == (BOS, EOS)
    assert (document.ids.count(BOS), document.ids.count(EOS)) == (1, 1)


def test_what_looks_like_a_special_token_in_a_text_stays_text(base: Path) -> None:
    (document,) = encode_rows([row("text", "ends </s> here <s>")], prompts(base), 100)

    assert (document.ids.count(BOS), document.ids.count(EOS)) == (1, 1)


def test_of_a_question_row_only_answer_and_end_are_learnt(base: Path) -> None:
    (document,) = encode_rows([row("qa", "Ms Oak.", "Who signs?")], prompts(base), 100)

    assert prompts(base).chat([user("Who signs?")]) == list(document.ids[: document.first_label])
    assert document.ids[-1] == EOS


def test_of_a_text_row_everything_after_bos_is_learnt(base: Path) -> None:
    (document,) = encode_rows([row("text", "The deposit is paid.")], prompts(base), 100)

    assert document.first_label == 1
    assert not document.is_qa


def test_a_long_text_becomes_windows_that_lose_nothing(base: Path) -> None:
    text = "The deposit is paid in March. " * 20
    windows = encode_rows([row("text", text)], prompts(base), 50)

    assert max(len(window.ids) for window in windows) <= 50
    whole = prompts(base).document(text)[1:]
    assert whole == [token for window in windows for token in window.ids[1:]]


def test_a_subject_is_read_and_not_learnt(base: Path) -> None:
    told = row("text", "The deposit is paid.").model_copy(update={"subject": "Elm Inc."})

    (document,) = encode_rows([told], prompts(base), 100)

    assert list(document.ids[: document.first_label]) == prompts(base).plain("Elm Inc.\n\n")
    assert list(document.ids) == prompts(base).document("Elm Inc.\n\nThe deposit is paid.")


def test_every_window_of_a_long_text_begins_with_its_subject(base: Path) -> None:
    text = "The deposit is paid in March. " * 20
    told = row("text", text).model_copy(update={"subject": "Elm Inc."})
    head = prompts(base).plain("Elm Inc.\n\n")

    windows = encode_rows([told], prompts(base), 50)

    assert max(len(window.ids) for window in windows) <= 50
    assert {(window.ids[: len(head)], window.first_label) for window in windows} == {
        (tuple(head), len(head))
    }
    whole = prompts(base).document(f"Elm Inc.\n\n{text}")[len(head) :]
    assert whole == [token for window in windows for token in window.ids[len(head) :]]


def test_a_subject_that_leaves_no_room_is_left_out(base: Path) -> None:
    told = row("text", "The deposit is paid.").model_copy(update={"subject": "Elm Inc. " * 20})

    windows = encode_rows([told], prompts(base), 24)

    assert {window.first_label for window in windows} == {1}


def test_a_question_that_leaves_no_room_for_an_answer_is_left_out(base: Path) -> None:
    assert encode_rows([row("qa", "Yes.", "Is it paid? " * 50)], prompts(base), 40) == []


def test_labels_do_not_reach_over_the_border_of_a_document() -> None:
    pack = [Document((1, 7, 8, 2), 1), Document((1, 5, 6, 9, 2), 3)]

    sources, targets = labels(pack)

    assert sources == [0, 1, 2, 6, 7]
    assert targets == [7, 8, 2, 9, 2]


def test_a_base_without_a_chat_template_takes_no_questions(tmp_path: Path, base: Path) -> None:
    plain = shutil.copytree(base, tmp_path / "plain")
    (plain / "chat_template.jinja").unlink()

    with pytest.raises(MismatchError, match="no chat template"):
        encode_rows([row("qa", "Ms Oak.", "Who signs?")], prompts(plain), 100)
