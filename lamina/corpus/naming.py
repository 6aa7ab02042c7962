"""What files' names and the table `documents.csv` tell of company and period.

A name tells only where it is shaped like that of a report: the company's words first, then a year
or a form (`AMCOR_2022_10K_p62.pdf`, `Corning 2022 Annual Report.pdf`). Even then the company is but
a candidate, which the dataset holds against the text. What the table says is certain.
"""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from lamina.errors import InvalidInputError
from lamina.text.decoding import decoded
from lamina.text.naming import Naming

TABLE = "documents.csv"
_COLUMNS = ("company", "period", "title")
_DELIMITERS = (",", ";", "\t")
_MARK = re.compile(r"-[0-9a-f]{8}\Z")  # what the archive adds to a name that is taken
_PARTS = re.compile(r"[\s_.]+|-(?![KQF]\b)", re.IGNORECASE)
_PERIOD = re.compile(r"(?:FY|CY)?((?:19|20)\d\d)(?:-?(Q[1-4]))?", re.IGNORECASE)
_QUARTER = re.compile(r"Q[1-4]", re.IGNORECASE)
_FORM = re.compile(r"(10|20|8|6)-?([KQF])", re.IGNORECASE)
_NO_NAME = frozenset(
    ("annual", "ar", "copy", "document", "draft", "final", "financial", "form", "full", "interim",
     "new", "note", "notes", "of", "page", "pages", "quarterly", "report", "reports", "scan",
     "statement", "statements", "the", "year")
)  # fmt: skip
_LONGEST = 200  # characters of a cell


def from_name(name: str) -> Naming:
    """What a file's name tells; nothing where it is not shaped like that of a report."""
    parts = [part for part in _PARTS.split(_MARK.sub("", Path(name).stem)) if part]
    marks = [place for place, part in enumerate(parts) if _PERIOD.fullmatch(part) or _form(part)]
    if not marks:
        return Naming()
    words, rest = parts[: marks[0]], parts[marks[0] :]
    is_name = words and not any(word.casefold() in _NO_NAME or word.isdigit() for word in words)
    form = next(filter(None, map(_form, rest)), "")
    return Naming(company=" ".join(words) if is_name else "", period=_period(rest), form=form)


def _form(part: str) -> str:
    if found := _FORM.fullmatch(part):
        return f"{found[1]}-{found[2].upper()}"
    return ""


def _period(parts: list[str]) -> str:
    """The year, with its quarter; nothing where the name has several years."""
    found = [match for part in parts if (match := _PERIOD.fullmatch(part))]
    if not found or len({match[1] for match in found}) > 1:
        return ""
    quarters = [match[2] or "" for match in found]
    quarters += [part for part in parts if _QUARTER.fullmatch(part)]
    quarter = next(filter(None, quarters), "")
    return f"{found[0][1]} {quarter.upper()}".strip()


class Tables:
    """Every `documents.csv` of the corpus: in its folders themselves, and in a layer's folder."""

    def __init__(self, *roots: Path) -> None:
        """Read them.

        Raises:
            InvalidInputError: a table has no column `file`, or two things are said of one file.

        """
        self._said: dict[tuple[Path, str], Naming] = {}
        self._tables: dict[tuple[Path, str], Path] = {}
        for root in roots:
            for table in (root / TABLE, *sorted(root.glob(f"*/{TABLE}"))):
                for file, naming in _entries(table) if table.is_file() else ():
                    key = (table.parent.relative_to(root), file)
                    if self._said.setdefault(key, naming) != naming:
                        msg = f"{table} says two things of {file}; leave one of the lines out"
                        raise InvalidInputError(msg)
                    self._tables[key] = table
        self._used: set[tuple[Path, str]] = set()

    def say(self, relative: Path) -> Naming | None:
        """What is said of the file at this path below a root: the nearest table counts.

        A table names a file by its path below the table's folder, or by its name alone.
        """
        plain = relative.with_name(f"{_MARK.sub('', relative.stem)}{relative.suffix}")
        keys = [
            (folder, file)
            for path in (relative, plain)
            for folder in path.parents
            for file in (path.relative_to(folder).as_posix(), path.name)
            if (folder, file) in self._said
        ]
        self._used.update(keys)
        return self._said[keys[0]] if keys else None

    def check(self) -> None:
        """Raise InvalidInputError for a line whose file is nowhere: it would say nothing."""
        for key in self._said:
            if key not in self._used:
                msg = (
                    f"{self._tables[key]} names {key[1]}, which lies neither in the folder of PDFs "
                    "nor in the archive; correct the name, or take the line out"
                )
                raise InvalidInputError(msg)


def _entries(table: Path) -> Iterator[tuple[str, Naming]]:
    text = decoded(table.read_bytes())
    head = text.split("\n", 1)[0]
    reader = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=max(_DELIMITERS, key=head.count)
    )
    try:
        names = {name.strip().casefold(): name for name in reader.fieldnames or () if name}
        if "file" not in names:
            msg = f"{table} has no column `file`; its columns are file, company, period, title"
            raise InvalidInputError(msg)
        for line in reader:
            cells = {name: _cell(line.get(column)) for name, column in names.items()}
            if cells["file"]:
                told = {name: cells.get(name, "") for name in _COLUMNS}
                yield cells["file"].replace("\\", "/"), Naming(**told, stated=True)
    except csv.Error as wrong:
        msg = f"{table} is no table ({wrong}); save it again as CSV"
        raise InvalidInputError(msg) from wrong


def _cell(value: object) -> str:
    return " ".join(str(value or "").split())[:_LONGEST] if isinstance(value, str) else ""
