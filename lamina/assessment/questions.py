"""Gathers what is asked and scored: prompts by topic, and held-out rows within a budget."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lamina.errors import DamagedError, InvalidInputError, NotFoundError
from lamina.text.rows import Row, read_rows
from lamina.workspace import checked_layer_name

_BYTES_A_TOKEN = 4  # English, roughly; only for rows that do not say


class Prompt(BaseModel):
    """A question and the answer that is right."""

    model_config = ConfigDict(frozen=True)

    question: str = Field(min_length=1)
    answer: str = Field(min_length=1)
    file: str = Field("", description="the document in which the answer stands")


class Topic(BaseModel):
    """What is measured on one topic, which is named like the layer that should know it."""

    model_config = ConfigDict(frozen=True)

    name: str
    prompts: tuple[Prompt, ...] = ()
    heldout: tuple[Row, ...] = ()


def gather_topics(
    prompts: Path, heldout: Iterable[Path] = (), *, heldout_tokens: int = 4000
) -> tuple[Topic, ...]:
    """Topics of all `<layer>.jsonl` under `prompts` and of all rows in the held-out files.

    Of each topic's held-out rows, evenly spread ones are taken until `heldout_tokens` are full
    (0 = none), so that the cost does not grow with the corpus.

    Raises:
        NotFoundError: there is nothing to measure, or a held-out file is missing.
        InvalidInputError: a line of a prompt file is not a question and an answer.
        DamagedError: a held-out file cannot be read.

    """
    asked = {path.stem: read_prompts(path) for path in sorted(prompts.glob("*.jsonl"))}
    rows = _heldout_rows(heldout)
    names = sorted({*asked, *rows})
    if not names:
        msg = (
            f"no prompts in {prompts} and no held-out rows; put a <layer>.jsonl there whose "
            'lines are {"question": ..., "answer": ...}'
        )
        raise NotFoundError(msg)
    return tuple(
        Topic(
            name=checked_layer_name(name),
            prompts=asked.get(name, ()),
            heldout=spread(rows.get(name, []), heldout_tokens),
        )
        for name in names
    )


def read_prompts(path: Path) -> tuple[Prompt, ...]:
    """The prompts of a JSON Lines file; empty lines do not count.

    Raises:
        InvalidInputError: a line is not a question and an answer.

    """
    prompts = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            prompts.append(Prompt.model_validate_json(line))
        except ValidationError as wrong:
            msg = (
                f"line {number} of {path} is no prompt ({wrong.errors()[0]['msg']}); "
                'write it as {"question": ..., "answer": ...}'
            )
            raise InvalidInputError(msg) from wrong
    return tuple(prompts)


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
                if row.split == "heldout":
                    by_layer.setdefault(row.layer, {})[row.question, row.text] = row
        except FileNotFoundError as missing:
            msg = f"held-out rows {path} are not there; run `lamina build_dataset`"
            raise NotFoundError(msg) from missing
        except ValueError as broken:
            msg = f"held-out rows {path} cannot be read; run `lamina build_dataset` again"
            raise DamagedError(msg) from broken
    return {layer: list(rows.values()) for layer, rows in by_layer.items()}
