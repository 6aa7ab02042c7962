"""What an answer that may call functions is made of, in the form that `constraints` takes."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from lamina.errors import InvalidInputError
from lamina.prompts import CallForm
from lamina.prompts.tools import ID_GAP, ID_LENGTH
from lamina.serving.llama.schemas import check_schema

_MAX_CHARACTERS = 131_072
_ANY_TEXT = r"TEXT: /(.|\n)*/"
_TEXT_UNLIKE = r"TEXT: /[ \n]*([^ \nSIGN](.|\n)*)?/"


def lark_of_calls(
    form: CallForm,
    schemas: Mapping[str, Mapping[str, Any]],
    specials: Mapping[str, int],
    *,
    must_call: bool,
    several: bool,
) -> str:
    """Free text, calls, or text and then calls; only calls where there must be one.

    `schemas` are those of the functions' arguments, by name; `specials` the special tokens that
    the form writes, by their spelling.

    Raises:
        InvalidInputError: a schema asks for what cannot be kept, or they are too large together.

    """
    total = 0
    for name, schema in schemas.items():
        total += check_schema(schema, f"parameters of tool {name}")
    if total > _MAX_CHARACTERS:
        msg = f"the tools' schemas have more than {_MAX_CHARACTERS} characters; send fewer tools"
        raise InvalidInputError(msg)

    def written(text: str) -> str:
        return " ".join(_pieces(text, specials))

    others = f"({written(form.joint)} call)*" if several and form.joint else ""
    calls = f"call {others} {written(form.closes)}"
    if must_call:
        rules = [f"start: GAP? {written(form.opens)} {calls}", "GAP: / /"]
    elif form.trigger:
        head, *rest = _pieces(form.trigger, specials)
        more = " ".join([*rest, written(form.opens[len(form.trigger) :])])
        lazy = "" if head.startswith("<[") else "[lazy]"
        rules = [f"start: TEXT | head {more} {calls}", f"head{lazy}: TEXT {head}", _ANY_TEXT]
    else:  # what begins as a call does is one
        text = _TEXT_UNLIKE.replace("SIGN", re.escape(form.opens[0]))
        rules = [f"start: TEXT | GAP? {written(form.opens)} {calls}", text, r"GAP: /[ \n]+/"]
    names = enumerate(schemas)
    rules.append("call: " + " | ".join(f"{written(n + form.between)} args{i}" for i, n in names))
    for number, schema in enumerate(schemas.values()):
        body = json.dumps({**schema, "x-guidance": {"whitespace_pattern": " ?"}})
        rules.append(f"args{number}: %json {body}")
    return "\n".join(rules)


def _pieces(text: str, specials: Mapping[str, int]) -> Iterator[str]:
    """A text of the form as literals, special tokens, and any id of a call."""
    marks = sorted((*specials, ID_GAP), key=len, reverse=True)
    for piece in re.split("(" + "|".join(map(re.escape, marks)) + ")", text):
        if piece in specials:
            yield f"<[{specials[piece]}]>"
        elif piece == ID_GAP:
            yield f"/[A-Za-z0-9]{{{ID_LENGTH}}}/"
        elif piece:
            yield json.dumps(piece)
