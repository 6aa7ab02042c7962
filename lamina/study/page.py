"""What a layer was taught, as one HTML file for people: nothing is fetched. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

_STYLE = """
:root{color-scheme:light dark;--ink:#1d2126;--paper:#fbfbf9;--line:#d9dad4;--soft:#60666d}
@media (prefers-color-scheme:dark){
:root{--ink:#dfe2e6;--paper:#16181c;--line:#33373d;--soft:#9aa1a9}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:0}
main{max-width:64rem;margin:0 auto;padding:2rem 1rem}
h1{font-size:1.6rem}h2{font-size:1.1rem;margin-top:2.2rem}p.note{color:var(--soft)}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;
vertical-align:top;border-bottom:1px solid var(--line)}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.wide{overflow-x:auto}.evidence{color:var(--soft);font-size:.85rem;white-space:pre-wrap}
"""


def page(facts: Mapping[str, Any]) -> str:
    """The whole document, of a card's figures."""
    title = f"What {facts['layer']} was taught"
    sections = (
        _section("Documents", _DOCUMENTS_NOTE, _documents(facts)),
        _section("Rows", "", _counts(facts)),
        *(
            _section(f"Samples: {name}", _SAMPLES_NOTE, _samples(list(rows)))
            for name, rows in groupby(facts["samples"], key=lambda row: str(row["strategy"]))
        ),
        _section("Left out", _LEFT_OUT_NOTE, _left_out(facts)),
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><main><h1>{escape(title)}</h1><p>{_lede(facts)}</p>{''.join(sections)}</main>"
        "</body></html>\n"
    )


_DOCUMENTS_NOTE = (
    "Pages that the layer trains on, and on which nothing is held out. A figure is covered where "
    "a row about its page has it."
)
_SAMPLES_NOTE = "From anywhere in the rows, always the same ones, with the line that holds them up."
_LEFT_OUT_NOTE = "A row that is not certain is not made. Some of each reason:"


def _lede(facts: Mapping[str, Any]) -> str:
    return (
        f"{facts['rows']:,} rows of {facts['groups']:,} facts and questions, from "
        f"{facts['taught']:,} of {facts['passages']:,} pages; {facts['figures_taught']:,} of the "
        f"{facts['figures']:,} figures on them are covered."
    )


def _section(title: str, note: str, body: str) -> str:
    if not body:
        return ""
    told = f'<p class="note">{note}</p>' if note else ""
    return f'<section><h2>{escape(title)}</h2>{told}<div class="wide">{body}</div></section>\n'


def _documents(facts: Mapping[str, Any]) -> str:
    columns = ("passages", "taught", "rows", "figures_taught", "figures")
    rows = (
        [one["subject"] or "-", name[:12], *(one[column] for column in columns)]
        for name, one in facts["by_document"].items()
    )
    return _table(
        ("Of whom", "Document", "Pages", "with rows", "Rows", "Figures covered", "of"), rows, 2
    )


def _counts(facts: Mapping[str, Any]) -> str:
    return _table(("Kind", "Rows"), facts["kinds"].items(), 1)


def _samples(rows: Sequence[Mapping[str, Any]]) -> str:
    body = "".join(
        f"<tr><td>{escape(row['kind'])}</td><td>{escape(row['question'])}"
        f'<div class="evidence">{escape(row["evidence"])}</div></td>'
        f"<td>{escape(row['answer'])}</td>"
        f"<td>{escape(row['document'][:12])}, page {row['page']}</td></tr>"
        for row in rows
    )
    return f"<table>{_head(('Kind', 'Question', 'Answer', 'Where'), 9)}{body}</table>"


def _left_out(facts: Mapping[str, Any]) -> str:
    rows = (
        [reason, count, "; ".join(" ".join(text.split()) for text in facts["left_out"][reason])]
        for reason, count in sorted(facts["dropped"].items(), key=lambda one: -one[1])
    )
    return _table(("Why", "How often", "Such as"), rows, 9) if facts["dropped"] else ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]], figures_from: int) -> str:
    """Cells from column `figures_from` on are figures."""
    body = "".join(f"<tr>{_cells('td', row, figures_from)}</tr>" for row in rows)
    return f"<table>{_head(heads, figures_from)}{body}</table>"


def _head(heads: Sequence[str], figures_from: int) -> str:
    return f"<tr>{_cells('th', heads, figures_from)}</tr>"


def _cells(tag: str, row: Sequence[object], figures_from: int) -> str:
    return "".join(
        f"<{tag}{' class=n' if at >= figures_from else ''}>{_told(cell)}</{tag}>"
        for at, cell in enumerate(row)
    )


def _told(cell: object) -> str:
    return f"{cell:,}" if isinstance(cell, int) else escape(str(cell))
