"""Small PDFs for the corpus's tests, drawn with ReportLab."""

from collections.abc import Sequence
from pathlib import Path

from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

PROSE = (
    "The company measures each lease at the present value of the payments that are still to be",
    "made. It uses the rate that is stated in the contract, or the rate at which it could borrow",
    "the same amount over the same term. The controller reviews the rate at the end of each year",
    "and keeps a record of the reason where it was changed. Leases that end within twelve months",
    "are not on the balance sheet. Their payments are an expense of the month in which they fall",
    "due, and they are shown in the notes to the accounts with the other costs of the premises.",
)


def write_pdf(path: Path, pages: Sequence[Sequence[str]], *, locked: bool = False) -> Path:
    """One page per list of lines, 12 points apart, starting 72 points below the top."""
    path.parent.mkdir(parents=True, exist_ok=True)
    secret: dict[str, str] = {"encrypt": "secret"} if locked else {}
    canvas = Canvas(str(path), pagesize=(595, 842), invariant=1, **secret)
    for lines in pages:
        canvas.setFont("Helvetica", 10)
        for number, line in enumerate(lines):
            canvas.drawString(72, 842 - 72 - 12 * number, line)
        canvas.showPage()
    canvas.save()
    return path


def write_scan(path: Path) -> Path:
    """A page that is only a picture."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    canvas = Canvas(str(path), pagesize=(595, 842), invariant=1)
    picture = Image.linear_gradient("L")
    canvas.drawImage(ImageReader(picture), 0, 0, 595, 842)
    canvas.save()
    return path
