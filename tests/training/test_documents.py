import json
import shutil
from pathlib import Path

import layer_orders
import pytest

from lamina.errors import DamagedError, MismatchError
from lamina.text.rows import Row
from lamina.training.documents import Document, Encoder, encode_rows, labels

BOS, EOS = 1, 2


def row(kind: str, text: str, question: str | None = None) -> Row:
    first = layer_orders.rows("leases", "train")[0]
    return first.model_copy(update={"kind": kind, "text": text, "question": question})


def test_a_text_begins_with_one_bos_and_ends_with_eos(base: Path) -> None:
    ids = Encoder(base).text("The deposit is paid in March.")

    assert (ids[0], ids[-1]) == (BOS, EOS)
    assert (ids.count(BOS), ids.count(EOS)) == (1, 1)


def test_what_looks_like_a_special_token_in_a_text_stays_text(base: Path) -> None:
    ids = Encoder(base).text("ends </s> here <s>")

    assert (ids.count(BOS), ids.count(EOS)) == (1, 1)


def test_a_chat_begins_with_one_bos_and_ends_with_eos(base: Path) -> None:
    ids = Encoder(base).chat("Who signs?", "Ms Oak.")

    assert (ids[0], ids[-1]) == (BOS, EOS)
    assert (ids.count(BOS), ids.count(EOS)) == (1, 1)


def test_of_a_question_row_only_answer_and_end_are_learnt(base: Path) -> None:
    encoder = Encoder(base)
    (document,) = encode_rows([row("qa", "Ms Oak.", "Who signs?")], encoder, 100)

    assert encoder.chat("Who signs?") == document.ids[: document.first_label]
    assert document.ids[-1] == EOS


def test_of_a_text_row_everything_after_bos_is_learnt(base: Path) -> None:
    (document,) = encode_rows([row("text", "The deposit is paid.")], Encoder(base), 100)

    assert document.first_label == 1
    assert not document.is_qa


def test_a_long_text_becomes_windows_that_lose_nothing(base: Path) -> None:
    encoder = Encoder(base)
    text = "The deposit is paid in March. " * 20
    windows = encode_rows([row("text", text)], encoder, 50)

    assert max(len(window.ids) for window in windows) <= 50
    assert encoder.text(text)[1:] == tuple(token for window in windows for token in window.ids[1:])


def test_a_question_that_leaves_no_room_for_an_answer_is_left_out(base: Path) -> None:
    assert encode_rows([row("qa", "Yes.", "Is it paid? " * 50)], Encoder(base), 40) == []


def test_labels_do_not_reach_over_the_border_of_a_document() -> None:
    pack = [Document((1, 7, 8, 2), 1), Document((1, 5, 6, 9, 2), 3)]

    sources, targets = labels(pack)

    assert sources == [0, 1, 2, 6, 7]
    assert targets == [7, 8, 2, 9, 2]


def test_a_base_without_a_chat_template_takes_no_questions(tmp_path: Path, base: Path) -> None:
    plain = shutil.copytree(base, tmp_path / "plain")
    (plain / "chat_template.jinja").unlink()

    with pytest.raises(MismatchError, match="no chat template"):
        Encoder(plain).chat("Who signs?")


def test_a_template_inside_the_tokenizer_config_counts(tmp_path: Path, base: Path) -> None:
    older = shutil.copytree(base, tmp_path / "older")
    config = json.loads((older / "tokenizer_config.json").read_bytes())
    config["chat_template"] = (older / "chat_template.jinja").read_text()
    (older / "tokenizer_config.json").write_text(json.dumps(config))
    (older / "chat_template.jinja").unlink()

    assert Encoder(base).chat("Who?", "Me.") == Encoder(older).chat("Who?", "Me.")


def test_a_broken_template_ends_in_one_sentence(tmp_path: Path, base: Path) -> None:
    broken = shutil.copytree(base, tmp_path / "broken")
    (broken / "chat_template.jinja").write_text("{{ raise_exception('no roles') }}")

    with pytest.raises(DamagedError, match="no roles"):
        Encoder(broken).chat("Who?")


def test_a_tokenizer_without_an_end_is_refused(tmp_path: Path, base: Path) -> None:
    endless = shutil.copytree(base, tmp_path / "endless")
    (endless / "tokenizer_config.json").write_text("{}")

    with pytest.raises(DamagedError, match="no end-of-text token"):
        Encoder(endless)
