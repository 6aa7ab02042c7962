"""Text and Markdown files: their tables are rows of cells like those of a PDF."""

from pathlib import Path

import pytest

from lamina.corpus.plain_text import read_text


def lines(folder: Path, text: str) -> list[str]:
    path = folder / "notes.md"
    path.write_text(text, encoding="utf-8")
    return [line.text for page in read_text(path).pages for line in page.lines]


@pytest.mark.parametrize(
    "table",
    [
        "| Term | Months |\n|---|---:|\n| Lease of cars | 82 |\n| Lease of land |  |",
        "Term | Months\n--- | :-:\nLease of cars | 82\nLease of land |",
    ],
)
def test_a_markdown_table_gives_rows_of_cells(tmp_path: Path, table: str) -> None:
    assert lines(tmp_path, f"Terms.\n\n{table}\n\nSee above.") == [
        "Terms.",
        "",
        "Term  Months",
        "Lease of cars  82",
        "Lease of land",
        "",
        "See above.",
    ]


def test_an_escaped_pipe_is_part_of_its_cell(tmp_path: Path) -> None:
    assert lines(tmp_path, "| A | B |\n|---|---|\n| x \\| y | 1 |")[1] == "x | y  1"


def test_a_pipe_in_a_sentence_parts_nothing(tmp_path: Path) -> None:
    assert lines(tmp_path, "Leases | rents | fees are due.") == ["Leases | rents | fees are due."]


def test_columns_of_a_typewriter_are_cells(tmp_path: Path) -> None:
    text = "Goodwill          2,110     1,980\nOther\t65\t70"

    assert lines(tmp_path, text) == ["Goodwill  2,110  1,980", "Other  65  70"]


def test_two_spaces_after_a_full_stop_and_an_indent_are_no_columns(tmp_path: Path) -> None:
    text = "     It ends.  The next one begins."

    assert lines(tmp_path, text) == ["It ends. The next one begins."]
