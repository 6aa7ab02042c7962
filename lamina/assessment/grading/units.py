"""What may stand beside a figure: scales, currencies, percent and points, units of time."""

import re
from decimal import Decimal

SCALES = {
    "hundred": 2, "thousand": 3, "k": 3, "million": 6, "mln": 6, "mil": 6, "mn": 6, "mm": 6,
    "m": 6, "billion": 9, "bn": 9, "b": 9, "trillion": 12, "tn": 12,
}  # fmt: skip
SCALE = re.compile(
    r"(?:[-\s]?(?P<word>hundred|thousand|million|billion|trillion)s?"
    r"|\s?(?P<short>mln|mil|mn|mm|bn|tn|[kmb]))(?![a-z])"
    r"|,?\s*\(?in\s+(?P<of>thousand|million|billion|trillion)s\b",
    re.IGNORECASE,
)
_SYMBOLS = {"$": "USD", "us$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "`": "INR"}
_CODES = (
    "USD", "EUR", "GBP", "JPY", "INR", "RMB", "CNY", "CHF", "CAD", "AUD", "SGD", "HKD", "NZD",
    "SEK", "NOK", "DKK", "KRW", "BRL", "MXN", "ZAR",
)  # fmt: skip
_NAMES = {
    "us dollar": "USD", "u.s. dollar": "USD", "dollar": "USD", "euro": "EUR", "pound": "GBP",
    "pounds sterling": "GBP", "yen": "JPY", "rupee": "INR", "renminbi": "CNY", "yuan": "CNY",
}  # fmt: skip
_LETTERED = {"a": "AUD", "au": "AUD", "s": "SGD", "c": "CAD", "ca": "CAD", "hk": "HKD", "nz": "NZD"}
BEFORE = rf"(?:us|au|ca|hk|nz|[asc])?\$|[€£¥₹`]|(?:{'|'.join(_CODES)})(?=[\s\d(-])"
CURRENCY = re.compile(
    rf"\s*(?:(?P<code>{'|'.join(_CODES)})|(?P<name>{'|'.join(map(re.escape, _NAMES))})s?)\b",
    re.IGNORECASE,
)
SHARE = re.compile(
    r"\s?%?[-\s]?(?P<bp>basis\s+points?|bps?\b)"
    r"|\s?(?P<points>(?:%|percent(?:age)?|per\s+cent)?[-\s]?points?\b|ppts?\b|pp\b)"
    r"|\s?(?P<percent>%|percent(?:age)?\b|per\s+cent\b|pct\b\.?)",
    re.IGNORECASE,
)
TIME = re.compile(
    r"[-\s]?(?P<unit>year|yr|month|week|day|quarter|hour)s?\b(?!\s+ended)", re.IGNORECASE
)
# A unit of time in another: 24 months are 2 years, 14 days are 2 weeks.
_TIMES: dict[str, tuple[str, int]] = {
    "year": ("month", 12), "yr": ("month", 12), "quarter": ("month", 3), "month": ("month", 1),
    "week": ("day", 7), "day": ("day", 1), "hour": ("hour", 1),
}  # fmt: skip


def scale_of(found: re.Match[str]) -> Decimal:
    """The factor that a match of `SCALE` means."""
    name = found["word"] or found["short"] or found["of"]
    return Decimal(10) ** SCALES[name.casefold()]


def currency_before(text: str) -> str:
    """The code of a sign or code that stands before a figure; empty where there is none."""
    sign = text.strip().casefold()
    if sign in _SYMBOLS:
        return _SYMBOLS[sign]
    return _same(_LETTERED.get(sign.rstrip("$"), sign.upper())) if sign else ""


def currency_after(found: re.Match[str]) -> str:
    """The code that a match of `CURRENCY` means."""
    if found["code"]:
        return _same(found["code"].upper())
    return _NAMES[found["name"].casefold()]


def time_of(found: re.Match[str]) -> tuple[str, int]:
    """Unit in which a match of `TIME` is compared, and how many of it one is."""
    return _TIMES[found["unit"].casefold()]


def _same(code: str) -> str:
    return "CNY" if code == "RMB" else code
