"""GBNF from requests, turned into the form that `constraints` takes.

llama.cpp's own parser of it works by recursion and its states multiply: forty bytes, such as
`(("a"?){100}){100}`, would hold the engine for ever.
"""

from lamina.errors import InvalidInputError

_MAX_BYTES = 16_384  # the translation is in Python, and its time grows faster than the text


def lark_of_grammar(text: str) -> str:
    """The same language as Lark, in llguidance's dialect.

    Raises:
        InvalidInputError: it is too long, empty, or no GBNF.

    """
    from llguidance.gbnf_to_lark import gbnf_to_lark

    try:
        return str(gbnf_to_lark(_checked(text)))
    except InvalidInputError:
        raise
    except Exception as error:  # it raises plain `Exception`, and whatever its recursion meets
        reason = str(error).partition("\n")[0][:200]
        msg = f"the grammar cannot be read ({reason}); give GBNF with a rule named root"
        raise InvalidInputError(msg) from error


def _checked(text: str) -> str:
    if not text.strip() or "\0" in text:
        msg = "the grammar is empty or holds a zero byte; give GBNF with a rule named root"
        raise InvalidInputError(msg)
    size = len(checked_text(text).encode())
    if size > _MAX_BYTES:
        msg = f"the grammar has {size} bytes, more than {_MAX_BYTES}; simplify it"
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
