"""The second try: pikepdf (QPDF) rebuilds what can be rebuilt of a damaged file."""

import io
from pathlib import Path

from lamina.corpus.pages.pdfium import BrokenError, LockedError


def repaired(path: Path) -> bytes:
    """The file written anew, with its lost cross-reference table found again.

    Raises:
        LockedError: a password is needed.
        BrokenError: it cannot be repaired, or the program for it is not installed.

    """
    try:
        import pikepdf
    except ImportError as missing:
        raise BrokenError from missing
    try:
        with pikepdf.open(path) as document:
            content = io.BytesIO()
            document.save(content)
    except pikepdf.PasswordError as locked:
        raise LockedError from locked
    except (pikepdf.PdfError, ValueError, RuntimeError, RecursionError) as broken:
        raise BrokenError from broken
    return content.getvalue()
