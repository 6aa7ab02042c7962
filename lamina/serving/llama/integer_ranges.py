"""GBNF for the integers of a range, digit by digit."""

from lamina.errors import InvalidInputError

_MOST_DIGITS = 16  # what llama.cpp's own rule for integers allows


def integers_between(least: int | None, most: int | None) -> str:
    """A GBNF alternative that matches exactly these integers, without leading zeros.

    An open end reaches as far as the rule for integers without bounds does: 16 digits.

    Raises:
        InvalidInputError: no integer lies between the bounds.

    """
    widest = 10**_MOST_DIGITS - 1
    low = min(-widest, most or 0) if least is None else least
    high = max(widest, least or 0) if most is None else most
    if low > high:
        msg = f"no integer lies between {low} and {high}; correct the bounds in the schema"
        raise InvalidInputError(msg)
    found = []
    if low < 0:
        found += [f'"-" ({" | ".join(_of_any_length(max(1, -high), -low))})']
    if high >= 0:
        found += _of_any_length(max(0, low), high)
    return " | ".join(found)


def _of_any_length(low: int, high: int) -> list[str]:
    """Alternatives for 0 <= low..high, one for each number of digits."""
    found = []
    for length in range(len(str(low)), len(str(high)) + 1):
        first = max(low, 10 ** (length - 1) if length > 1 else 0)
        last = min(high, 10**length - 1)
        found.append(_of_one_length(str(first), str(last)))
    return found


def _of_one_length(low: str, high: str) -> str:
    """Numbers from low to high, written with the same number of digits."""
    rest = len(low) - 1
    if low == high:
        return f'"{low}"'
    if low[1:] == "0" * rest and high[1:] == "9" * rest:
        return f"[{low[0]}-{high[0]}]" + (f" [0-9]{{{rest}}}" if rest else "")
    if low[0] == high[0]:
        return f'"{low[0]}" ({_of_one_length(low[1:], high[1:])})'
    # The first and the last leading digit are cut by the bounds, those between them are not.
    begin, end = int(low[0]), int(high[0])
    found = [f'"{begin}" ({_of_one_length(low[1:], "9" * rest)})']
    if end - begin > 1:
        found.append(f"[{begin + 1}-{end - 1}] [0-9]{{{rest}}}")
    found.append(f'"{end}" ({_of_one_length("0" * rest, high[1:])})')
    return " | ".join(found)
