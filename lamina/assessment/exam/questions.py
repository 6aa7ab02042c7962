"""Gathers what is asked and scored: questions by topic, and held-out rows within a budget."""

from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from lamina.errors import DamagedError, InvalidInputError, NotFoundError, ResourceError
from lamina.text.question_files import REPEATED, SUFFIXES, read_question_file
from lamina.text.questions import Question
from lamina.text.rows import Row, read_rows
from lamina.workspace import checked_layer_name

_BYTES_A_TOKEN = 4  # English, roughly; only for rows that do not say
_FORM = '{"question": ..., "answer": ...}'


class Topic(BaseModel):
    """What is measured on one topic, which is named like the layer that should know it."""

    model_config = ConfigDict(frozen=True)

    name: str
    prompts: tuple[Question, ...] = Field((), description="what its layer can know: these decide")
    transfer: tuple[Question, ...] = Field(
        (), description="questions about documents that its layer was not trained on"
    )
    strangers: tuple[str, ...] = Field((), description="files of questions that nobody here has")
    heldout: tuple[Row, ...] = ()

    def document_of(self, item: Question | Row) -> str:
        """What an item was taken from; empty where nobody knows."""
        if isinstance(item, Row):
            return item.document
        return "" if item.file in self.strangers else item.file


def gather_topics(
    prompts: Path,
    heldout: Iterable[Path] = (),
    *,
    layers: Collection[str] | None = None,
    heldout_tokens: int = 4000,
    optional: bool = False,
) -> tuple[Topic, ...]:
    """Topics of all question files under `prompts` and of all rows in the held-out files.

    A question examines the layer that its `topic` names, or else its file's name. Of each topic's
    held-out rows, evenly spread ones are taken until `heldout_tokens` are full (0 = none), so that
    the cost does not grow with the corpus.

    Raises:
        NotFoundError: there is nothing to measure, and that is not `optional`; or a held-out file
            is missing.
        InvalidInputError: an entry of a question file is not a question and an answer, or names
            a layer that is neither among `layers` nor in the held-out rows (None = any may be).
        DamagedError: a held-out file cannot be read.

    """
    rows = _heldout_rows(heldout)
    known = None if layers is None else {*layers, *rows}
    asked = _asked(prompts, known)
    names = sorted({*asked, *rows})
    if not names and not optional:
        msg = (
            f"no questions in {prompts} and no held-out rows; put a <layer>.jsonl there whose "
            f"lines are {_FORM}, or a <layer>.csv with columns of these names"
        )
        raise NotFoundError(msg)
    return tuple(
        Topic(
            name=checked_layer_name(name),
            prompts=tuple(asked.get(name, ())),
            heldout=spread(rows.get(name, []), heldout_tokens),
        )
        for name in names
    )


def read_exam(path: Path) -> tuple[Question, ...]:
    """The questions of a file, each with its topic.

    Raises:
        InvalidInputError: an entry is not a question and an answer.
        ResourceError: the file cannot be read.

    """
    try:
        questions, left = read_question_file(path)
    except OSError as error:
        msg = f"question file {path} cannot be read ({error.strerror}); correct its permissions"
        raise ResourceError(msg) from error
    wrong = next((one for one in left if one.reason != REPEATED), None)
    if wrong is not None:
        msg = f"{wrong.place} of {path} {_is(wrong.reason)}; write it as {_FORM}"
        raise InvalidInputError(msg)
    return tuple(
        one if one.topic else one.model_copy(update={"topic": path.stem}) for one in questions
    )


def _asked(folder: Path, known: Collection[str] | None) -> dict[str, list[Question]]:
    asked: dict[str, list[Question]] = {}
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    for path in files:
        if path.suffix.lower() not in SUFFIXES or path.name.startswith((".", "~")):
            continue
        for question in read_exam(path):
            if known is not None and question.topic not in known:
                raise _unknown(path, question.topic, known)
            asked.setdefault(question.topic, []).append(question)
    return asked


def _unknown(path: Path, topic: str, known: Collection[str]) -> InvalidInputError:
    nearest = get_close_matches(topic, known, n=1, cutoff=0)
    meant = f"; the nearest is {nearest[0]}" if nearest else ""
    return InvalidInputError(
        f"question file {path} examines {topic}, and there is no such layer{meant}: "
        "correct the file's name or its topic, or take it away"
    )


def _is(reason: str) -> str:
    return f"is {reason}" if reason.startswith("without") else reason


def spread(rows: Sequence[Row], budget_tokens: int) -> tuple[Row, ...]:
    """Rows at even distances, at least one, that together hold about `budget_tokens`."""
    if not rows or budget_tokens <= 0:
        return ()
    total = sum(_size(row) for row in rows)
    count = max(1, min(len(rows), len(rows) * budget_tokens // max(1, total)))
    return tuple(rows[place * len(rows) // count] for place in range(count))


def _size(row: Row) -> int:
    return row.n_tokens or len(row.text) // _BYTES_A_TOKEN + 1


def _heldout_rows(files: Iterable[Path]) -> dict[str, list[Row]]:
    by_layer: dict[str, dict[tuple[str | None, str], Row]] = {}
    for path in files:
        try:
            for row in read_rows(path):
                if row.split == "test":
                    by_layer.setdefault(row.layer, {})[row.question, row.text] = row
        except FileNotFoundError as missing:
            msg = f"held-out rows {path} are not there; run `lamina build_dataset`"
            raise NotFoundError(msg) from missing
        except ValueError as broken:
            msg = f"held-out rows {path} cannot be read; run `lamina build_dataset` again"
            raise DamagedError(msg) from broken
    return {layer: list(rows.values()) for layer, rows in by_layer.items()}
