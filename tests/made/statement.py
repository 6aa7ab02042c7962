"""A small annual report with a table of figures, drawn with ReportLab: what rules make rows of."""

from pathlib import Path

_PROSE = (
    "The company measures each lease at the present value of the payments that are still to be",
    "made. It uses the rate that is stated in the contract, or the rate at which it could borrow",
    "the same amount over the same term. The controller reviews the rate at the end of each year",
    "and keeps a record of the reason where it was changed. Leases that end within twelve months",
    "are not on the balance sheet. Their payments are an expense of the month in which they fall",
    "due, and they are shown in the notes to the accounts with the other costs of the premises.",
)
FIGURES = {
    "Operating lease cost": ("128", "120"),
    "Short-term lease cost": ("14", "11"),
    "Variable lease cost": ("37", "35"),
}


def write_statement(folder: Path, company: str = "Norvale Foods", year: int = 2022) -> Path:
    """A PDF of three pages, a table on the first, and a `documents.csv` that says whom it is of."""
    from reportlab.pdfgen.canvas import Canvas

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{company.split(maxsplit=1)[0].lower()}_{year}.pdf"
    canvas = Canvas(str(path), pagesize=(595, 842), invariant=1)
    for number, about in enumerate(("lease", "warehouse", "vehicle")):
        canvas.setFont("Helvetica", 10)
        for at, line in enumerate(_PROSE):
            canvas.drawString(72, 760 - 12 * at, line.replace("lease", about))
        if number == 0:
            _table(canvas, company, year)
        for at in range(20 * bool(number)):
            canvas.drawString(72, 600 - 12 * at, f"The {about} of branch {at} is kept by its {at}.")
        canvas.showPage()
    canvas.save()
    (folder / "documents.csv").write_text(
        f"file,company,period,title\n{path.name},{company},fiscal {year},\n"
    )
    return path


def _table(canvas: object, company: str, year: int) -> None:
    draw, right = canvas.drawString, canvas.drawRightString
    draw(72, 640, f"The components of lease cost of {company} were as follows (in millions):")
    right(400, 620, str(year))
    right(480, 620, str(year - 1))
    for at, (label, values) in enumerate(FIGURES.items()):
        draw(72, 600 - 14 * at, label)
        for x, value in zip((400, 480), values, strict=True):
            right(x, 600 - 14 * at, f"$ {value}" if at == 0 else value)
