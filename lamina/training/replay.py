"""The base's own answers to general questions: what a layer is shown so that it forgets less.

Made once a base, greedily, and kept. The questions are none of the exam's.
"""

from functools import cache
from pathlib import Path
from typing import Any

from lamina.artifacts import ArtifactRef
from lamina.errors import InvalidInputError
from lamina.fingerprint import text_digest
from lamina.progress import Progress
from lamina.prompts import user
from lamina.prompts.folder import folder_prompts
from lamina.store import Stage, Store
from lamina.text.rows import Row, write_rows
from lamina.training.base import load
from lamina.training.generation import speaking
from lamina.training.order import LayerOrder

STAGE = Stage("replay", version=1)
MOST_TOKENS = 96  # of an answer; what is longer is left out, since an end that is cut is none


@cache
def general_prompts() -> tuple[str, ...]:
    """The questions, a line each."""
    path = Path(__file__).with_name("general_prompts.txt")
    return tuple(path.read_text(encoding="utf-8").splitlines())


def inputs(order: LayerOrder) -> dict[str, object]:
    """What the answers hang on."""
    prompts = text_digest("\n".join(general_prompts()))
    return {"base": order.base.digest, "prompts": prompts, "most_tokens": MOST_TOKENS}


def replay(order: LayerOrder, *, store: Store, progress: Progress) -> ArtifactRef:
    """Rows as of a dataset (kind `replay`): questions with the base's whole answers.

    `order` is any that trains on the base. Facts: `rows`, `unfinished`.

    Raises:
        InvalidInputError: the base has no chat template.

    """

    def make(folder: Path) -> dict[str, Any]:
        prompts = folder_prompts(order.base_folder)
        if prompts.source is None:
            msg = (
                f"base {order.base.name} has no chat template, so it has no answers of its own "
                "to keep; set replay_share to 0"
            )
            raise InvalidInputError(msg)
        asked = sorted(general_prompts(), key=len)  # those of one batch are padded to the longest
        progress.start("the base's own answers", len(asked))
        rows = []
        with speaking(load(order), prompts, order.base_folder) as speaker:
            written = [prompts.chat([user(question)]) for question in asked]
            said = zip(asked, speaker.said(written, MOST_TOKENS), strict=True)
            for number, (question, (answer, ended)) in enumerate(said, start=1):
                if answer and ended:
                    rows.append(_row(question, answer))
                progress.advance(number)
        write_rows(folder / "train.jsonl", rows)
        return {"rows": len(rows), "unfinished": len(asked) - len(rows)}

    return store.once("replay", STAGE, inputs(order), make)


def _row(question: str, answer: str) -> Row:
    return Row(
        layer="replay",
        split="train",
        kind="qa",
        question=question,
        text=answer,
        document=text_digest(question),
        pages=(1, 1),
    )
