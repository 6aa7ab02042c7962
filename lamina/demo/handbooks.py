"""The sample corpus as PDFs: six manuals, two guides, a scan without text, and a duplicate.

The bytes are the same on every run with the same ReportLab version: dates are fixed, nothing is
compressed. What the handbooks say comes from `lamina.demo.world`, how a page looks from
`lamina.demo.page_layout`.
"""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lamina.demo import page_layout, world
from lamina.demo.world import Section, Topic

WITH_GUIDE = ("Marlow_Leasing", "Tamsin_Revenue")
SCAN = ("Kestrel_Inventory", "scanned_count_sheet.pdf")
DUPLICATE = ("Ostrava_Goodwill", "copy_of_goodwill_manual.pdf")

Sections = Callable[[Topic, random.Random], Iterator[Section]]


@dataclass(frozen=True, slots=True)
class Corpus:
    """What `write_handbooks` has put in place."""

    layers: tuple[str, ...]
    pdfs: tuple[Path, ...]  # all of them, in order of writing
    scan: Path  # must be refused: it has no text
    duplicate: Path  # the same bytes as another PDF of its topic
    question_files: tuple[Path, ...]


def write_handbooks(raw_pdfs: Path, questions: Path) -> Corpus:
    """Write `raw_pdfs/<layer>/*.pdf` and `questions/<layer>.jsonl`; existing files are replaced.

    A line of a question file is `{"question": ..., "answer": ...}` in the examination wording.
    """
    topics = world.sample_topics()
    pdfs = [path for topic in topics for path in _write_topic(raw_pdfs, topic)]
    scan = raw_pdfs.joinpath(*SCAN)
    page_layout.write_scan(scan)
    duplicate = raw_pdfs.joinpath(*DUPLICATE)
    duplicate.write_bytes(_manual_path(raw_pdfs, world.sample_topic(DUPLICATE[0])).read_bytes())
    return Corpus(
        layers=tuple(topic.layer for topic in topics),
        pdfs=(*pdfs, scan, duplicate),
        scan=scan,
        duplicate=duplicate,
        question_files=tuple(_write_questions(questions, topic) for topic in topics),
    )


def write_addendum(raw_pdfs: Path, layer: str) -> Path:
    """Add one PDF with three new facts to a sample topic; the other topics stay as they are.

    Raises:
        KeyError: no sample topic has this layer name.
    """
    topic = world.sample_topic(layer)
    path = raw_pdfs / layer / f"{topic.area.lower()}_addendum.pdf"
    return _write(path, topic, world.addendum_sections, "Addendum to the ")


def _write_topic(raw_pdfs: Path, topic: Topic) -> Iterator[Path]:
    yield _write(_manual_path(raw_pdfs, topic), topic, world.manual_sections)
    if topic.layer in WITH_GUIDE:
        path = raw_pdfs / topic.layer / f"{topic.area.lower()}_pocket_guide.pdf"
        yield _write(path, topic, world.guide_sections, "Pocket Guide to the ")


def _manual_path(raw_pdfs: Path, topic: Topic) -> Path:
    return raw_pdfs / topic.layer / f"{topic.area.lower()}_manual.pdf"


def _write(path: Path, topic: Topic, sections: Sections, before_title: str = "") -> Path:
    rng = random.Random(f"{world.SAMPLE_SEED} {path.name}")  # text seeds: the same in any process
    title = f"{before_title}{topic.title}"
    page_layout.write_pdf(path, title, topic.company, sections(topic, rng))
    return path


def _write_questions(folder: Path, topic: Topic) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{topic.layer}.jsonl"
    rows = ({"question": fact.examination(), "answer": fact.value} for fact in topic.facts)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
