"""Overruling a grade: the answer is found in the report that is shown, by its key."""

import getpass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from lamina.bounds import refusal
from lamina.errors import InvalidInputError, NotFoundError
from lamina.stages.pod import Pod

if TYPE_CHECKING:
    from lamina.assessment.grading.overrides import Override


def overrule(  # noqa: PLR0913 - keyword-only but for what is decided
    pod: Pod,
    key: str,
    verdict: Literal["right", "wrong"],
    *,
    why: str,
    layer: str = "*",
    who: str = "",
) -> "Override":
    """Note that an answer counts as right or wrong, from the next report on.

    Raises:
        NotFoundError: there is no report, or none of its answers has this key.
        InvalidInputError: the reason is missing, the layer did not give the answer, or a line of
            the file is no override.
        DamagedError: the report cannot be read.

    """
    from pydantic import ValidationError

    from lamina.assessment.exam.blend import layer_of
    from lamina.assessment.grading.overrides import EVERY, Override, add_override
    from lamina.assessment.report.files import read_other
    from lamina.assessment.report.records import AnswerRecord

    _, records = read_other(pod.workspace.qa)
    given = [one for one in records if isinstance(one, AnswerRecord) and one.key == key]
    if not given:
        msg = (
            f"no answer of the report in {pod.workspace.qa} has the key {key}; "
            "copy the line from the page, or take `key` from answers.csv"
        )
        raise NotFoundError(msg)
    by = sorted({layer_of(one.blend) for one in given})
    if layer not in (EVERY, *by):
        msg = f"{layer} did not give the answer {key}; choose among {', '.join(by)}, or *"
        raise InvalidInputError(msg)
    first = given[0]
    try:
        decision = Override(
            question=first.item,
            topic=first.topic,
            layer=layer,
            answer=first.answer,
            verdict=verdict,
            who=who or _logged_in(),
            when=datetime.now(UTC).replace(microsecond=0),
            why=why,
        )
    except ValidationError as error:
        raise refusal(error, Override, lambda field: f"--{field}") from error
    add_override(pod.workspace.overrides, decision)
    return decision


def _logged_in() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError) as nobody:
        msg = "nobody is logged in by a name; say with --who who decides"
        raise InvalidInputError(msg) from nobody
