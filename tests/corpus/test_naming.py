"""What a file's name and `documents.csv` tell of company and period."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.corpus.documents import find_documents
from lamina.corpus.naming import from_name
from lamina.errors import InvalidInputError
from lamina.text.naming import Naming
from lamina.workspace import Workspace


def put(workspace: Workspace, name: str, table: str = "", at: str = "documents.csv") -> None:
    path = workspace.raw_pdfs / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"%PDF-1.4 " + name.encode())
    if table:
        (workspace.raw_pdfs / at).write_text(table, encoding="utf-8")


def only_naming(workspace: Workspace) -> Naming:
    (document,) = find_documents(workspace)
    return document.naming


@pytest.mark.parametrize(
    ("name", "company", "period", "form"),
    [
        ("AMCOR_2022_10K_p62-62.pdf", "AMCOR", "2022", "10-K"),
        ("Johnson & Johnson 2019 10-K.pdf", "Johnson & Johnson", "2019", "10-K"),
        ("LOCKHEEDMARTIN_2022Q2_10Q_p10-14.pdf", "LOCKHEEDMARTIN", "2022 Q2", "10-Q"),
        ("PG_E_2019_10K_p149-151-0a1b2c3d.pdf", "PG E", "2019", "10-K"),
        ("Corning-FY2021.pdf", "Corning", "2021", ""),
        ("2022 annual report.pdf", "", "2022", ""),
        ("final_report_2022.pdf", "", "2022", ""),
        ("Corning 2021 2022.pdf", "Corning", "", ""),
        ("leasing_manual.pdf", "", "", ""),
        ("scan0001.pdf", "", "", ""),
    ],
)
def test_a_name_tells_what_it_says(name: str, company: str, period: str, form: str) -> None:
    assert from_name(name) == Naming(company=company, period=period, form=form)


@given(st.text(max_size=80))
def test_no_name_is_too_odd(name: str) -> None:
    assert not from_name(name).stated


def test_the_table_goes_before_the_name(workspace: Workspace) -> None:
    table = "file,company,period,title\nX_2020_10K.pdf,Amcor plc,fiscal 2023,Annual report\n"
    put(workspace, "Leases/X_2020_10K.pdf", table)

    expected = Naming(company="Amcor plc", period="fiscal 2023", title="Annual report", stated=True)
    assert only_naming(workspace) == expected


def test_a_table_in_the_layers_folder_is_nearer(workspace: Workspace) -> None:
    put(workspace, "Leases/x.pdf", "file,company\nLeases/x.pdf,Far\n")
    put(workspace, "Leases/x.pdf", "File;Company\nx.pdf;Near\n", "Leases/documents.csv")

    assert only_naming(workspace).company == "Near"


def test_what_the_table_says_holds_in_the_archive(workspace: Workspace) -> None:
    put(workspace, "Leases/x.pdf", "file,company\nx.pdf,Amcor plc\n")
    archived = workspace.archive / "Leases" / "x.pdf"
    archived.parent.mkdir(parents=True)
    (workspace.raw_pdfs / "Leases" / "x.pdf").rename(archived)

    assert only_naming(workspace).company == "Amcor plc"


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("name,company\nx.pdf,Amcor\n", "no column `file`"),
        ("file,company\ny.pdf,Amcor\n", r"y\.pdf, which lies neither"),
        ("file,company\nx.pdf,Amcor\nx.pdf,Bemis\n", r"two things of x\.pdf"),
    ],
)
def test_a_wrong_table_is_told_in_a_sentence(workspace: Workspace, table: str, told: str) -> None:
    put(workspace, "Leases/x.pdf", table)

    with pytest.raises(InvalidInputError, match=told):
        find_documents(workspace)


def test_the_table_itself_is_no_document(workspace: Workspace) -> None:
    put(workspace, "x.pdf", "file,company\nx.pdf,Amcor\n")

    assert [Path(one.path).name for one in find_documents(workspace)] == ["x.pdf"]
