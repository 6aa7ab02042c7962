"""Characters as people mean them. Digits, signs, brackets and currency are never touched."""

import re
import unicodedata

LINE_END_HYPHENS = "\ufffe\x02"  # what PDFium writes for a hyphen at which it joined two lines

_LIGATURES = {
    "\ufb00": "ff",
    "\ufb01": "fi",
    "\ufb02": "fl",
    "\ufb03": "ffi",
    "\ufb04": "ffl",
    "\ufb05": "st",
    "\ufb06": "st",
}
_SPACES = dict.fromkeys("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
                        "\u202f\u205f\u3000\t\x0b\x0c", " ")  # fmt: skip
_INVISIBLE = dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff\x00", "")
_HYPHENS = dict.fromkeys("\u2010\u2011", "-")
_TABLE = str.maketrans(_LIGATURES | _SPACES | _INVISIBLE | _HYPHENS)
_RUNS = re.compile(r" {2,}")
_BAD = re.compile(
    "[\x01\x03-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\ufffd\U000f0000-\U0010ffff]"
)
_CONTROLS = re.compile(r"[\x01-\x08\x0e-\x1f\x7f-\x9f]")


def normalise(line: str) -> str:
    """One line of text without controls, odd spaces, ligatures and lone surrogates."""
    clean = line.translate(_TABLE)
    if not clean.isascii():
        clean = clean.encode("utf-8", "replace" if _has_surrogates(clean) else "strict").decode()
        clean = unicodedata.normalize("NFC", clean)
    return _RUNS.sub(" ", _CONTROLS.sub("", clean)).strip()


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in text)


def bad_characters(text: str) -> int:
    """How many characters show that a font gave no meaning: control, private use, U+FFFD."""
    return len(_BAD.findall(text))
