"""Rows to what is learnt of them: windows of token ids, and where learning begins in each.

`lamina.prompts` makes the ids. What is trained on at all is the dataset's matter.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from lamina.errors import MismatchError
from lamina.prompts import Prompts, user
from lamina.text.rows import Row
from lamina.training.streams import Stream


@dataclass(frozen=True, slots=True)
class Teacher:
    """What another model says at each learnt place: its likeliest tokens (places, k)."""

    tokens: bytes  # int32
    logprobs: bytes  # float16
    k: int
    share: float  # of the document's loss; the rest is the right tokens'


@dataclass(frozen=True, slots=True)
class Document:
    """One isolated piece of a pack."""

    ids: tuple[int, ...]
    first_label: int  # index in `ids` of the first token that is learnt; never 0
    is_qa: bool = False
    stream: Stream = "text"
    fact: int | None = None  # of study: documents with the same number teach the same
    teacher: Teacher | None = None
    others: "tuple[Document, ...]" = ()  # the question with other answers; held out only

    @property
    def n_labels(self) -> int:
        """Tokens that are predicted and counted in the loss."""
        return len(self.ids) - self.first_label


def encode_rows(rows: Iterable[Row], prompts: Prompts, limit: int) -> list[Document]:
    """Documents of at most `limit` tokens.

    A longer text becomes several windows, each after BOS and the row's subject, which is not
    learnt; a longer question row is cut at its end, and left out where nothing of its answer would
    remain.

    Raises:
        MismatchError: there is a question, and the base has no chat template.

    """
    documents: list[Document] = []
    for row in rows:
        if row.kind == "qa":
            if prompts.source is None:
                msg = "the base has no chat template, so question rows cannot be trained on it"
                raise MismatchError(msg)
            whole, first = prompts.answered([user(row.question or "")], row.text)
            if first < min(len(whole), limit):
                documents.append(Document(tuple(whole[:limit]), first, is_qa=True))
        else:
            documents += _windows(row, prompts, limit)
    return documents


def _windows(row: Row, prompts: Prompts, limit: int) -> list[Document]:
    ids, given = prompts.passage(row.given, row.text)
    if given > limit // 2:  # the subject would leave the text too little room
        ids, given = prompts.passage("", row.text)
    head, body = ids[:given], [*ids[given:], prompts.words.eos_id]
    size = limit - given
    pieces = [(*head, *body[start : start + size]) for start in range(0, len(body), size)]
    return [Document(piece, max(given, 1)) for piece in pieces if len(piece) > 1]


def labels(documents: Iterable[Document]) -> tuple[list[int], list[int]]:
    """Of a pack: the places that predict, and the tokens that they must predict."""
    sources: list[int] = []
    targets: list[int] = []
    start = 0
    for document in documents:
        sources += range(start + document.first_label - 1, start + len(document.ids) - 1)
        targets += document.ids[document.first_label :]
        start += len(document.ids)
    return sources, targets
