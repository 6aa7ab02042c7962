"""Grammars from requests, held to what llama.cpp's parser survives.

It works by recursion, so a deep nesting ends the process, and its time grows with the text.
"""

from lamina.errors import InvalidInputError

_MAX_BYTES = 65_536
_MAX_DEPTH = 100


def checked_grammar(text: str) -> str:
    """The GBNF itself, if it can be handed to llama.cpp.

    Raises:
        InvalidInputError: it is too long, too deep, empty, or no text.

    """
    if not text.strip() or "\0" in text:
        msg = "the grammar is empty or holds a zero byte; give GBNF with a rule named root"
        raise InvalidInputError(msg)
    size = len(checked_text(text).encode())
    if size > _MAX_BYTES:
        msg = f"the grammar has {size} bytes, more than {_MAX_BYTES}; simplify it or the schema"
        raise InvalidInputError(msg)
    depth = 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        if depth > _MAX_DEPTH:
            msg = f"the grammar nests deeper than {_MAX_DEPTH}; simplify it or the schema"
            raise InvalidInputError(msg)
    return text


def checked_text(text: str) -> str:
    """The text itself, if it can be written as UTF-8: JSON can name half a character.

    Raises:
        InvalidInputError: it cannot.

    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        msg = f"character {error.start} of the text is half a surrogate pair; send whole characters"
        raise InvalidInputError(msg) from error
    return text
