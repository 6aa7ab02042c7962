"""The sample corpus as PDFs: six manuals in eight chapters each, a scan without text, a duplicate.

Each chapter is a document of its own, as companies hand them out, so that the partition into
training, validation and test, and the exam's evidence, have documents to count. The bytes are the
same on every run with the same ReportLab version: dates are fixed, nothing is compressed. What the
chapters say comes from `lamina.demo.world`, how a page looks from `lamina.demo.page_layout`.
"""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lamina.demo import page_layout, sections, world
from lamina.demo.sections import Section
from lamina.demo.wordings import Pool
from lamina.demo.world import Fact, Topic

BLENDED = ("Marlow_Leasing", "Tamsin_Revenue")  # the example of a blend
SCAN = ("Kestrel_Inventory", "scanned_count_sheet.pdf")
DUPLICATE = ("Ostrava_Goodwill", "copy_of_goodwill_chapter_1.pdf")

# As a question file says what is asked for; a right answer stands beside wrong ones of its unit.
_TYPES: dict[Pool, tuple[str, str]] = {
    Pool.THOUSANDS: ("number", "thousand"),
    Pool.PERCENT: ("percent", "percent"),
    Pool.MONTHS: ("number", "months"),
    Pool.DAYS: ("number", "days"),
    Pool.DATE: ("date", ""),
    Pool.FORM: ("span", "form"),
    Pool.ACCOUNT: ("span", "account"),
    Pool.PERSON: ("span", "person"),
    Pool.PANEL: ("span", "panel"),
    Pool.TOWN: ("span", "town"),
    Pool.SYSTEM: ("span", "system"),
}

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

    A line of a question file holds a question in the examination wording, its answer with type and
    unit, the file of the chapter that answers it and the sentence in which it does.
    """
    topics = world.sample_topics()
    pdfs = [path for topic in topics for path in write_chapters(raw_pdfs, topic)]
    scan = raw_pdfs.joinpath(*SCAN)
    page_layout.write_scan(scan)
    duplicate = raw_pdfs.joinpath(*DUPLICATE)
    original = chapter_name(world.sample_topic(DUPLICATE[0]), 1)
    duplicate.write_bytes(duplicate.with_name(original).read_bytes())
    return Corpus(
        layers=tuple(topic.layer for topic in topics),
        pdfs=(*pdfs, scan, duplicate),
        scan=scan,
        duplicate=duplicate,
        question_files=tuple(write_questions(questions, topic) for topic in topics),
    )


def write_addendum(raw_pdfs: Path, layer: str) -> Path:
    """Add one PDF with three new facts to a sample topic; the other topics stay as they are.

    Raises:
        KeyError: no sample topic has this layer name.
    """
    topic = world.sample_topic(layer)
    path = raw_pdfs / layer / f"{topic.area.lower()}_addendum.pdf"
    return _write(path, topic, sections.addendum_sections, f"Addendum to the {topic.title}")


def chapter_name(topic: Topic, number: int) -> str:
    """The file's name of a chapter, counted from 1."""
    return f"{topic.area.lower()}_chapter_{number}.pdf"


def write_chapters(raw_pdfs: Path, topic: Topic) -> Iterator[Path]:
    """A topic's manual as `raw_pdfs/<layer>/`, chapter by chapter as they are asked for."""
    for number, chapter in enumerate(topic.chapters, start=1):
        path = raw_pdfs / topic.layer / chapter_name(topic, number)
        yield _write(path, chapter, sections.manual_sections, f"{topic.title}, Chapter {number}")


def _write(path: Path, topic: Topic, stated: Sections, title: str) -> Path:
    rng = random.Random(f"{world.SAMPLE_SEED} {path.name}")  # text seeds: the same in any process
    page_layout.write_pdf(path, title, topic.company, stated(topic, rng))
    return path


def write_questions(folder: Path, topic: Topic) -> Path:
    """The examination of a topic, `<layer>.jsonl`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{topic.layer}.jsonl"
    rows = (
        _question(fact, chapter_name(topic, number))
        for number, chapter in enumerate(topic.chapters, start=1)
        for fact in chapter.facts
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _question(fact: Fact, file: str) -> dict[str, str]:
    kind, unit = _TYPES[fact.kind.pool]
    return {
        "question": fact.examination(),
        "answer": fact.value,
        "type": kind,
        "unit": unit,
        "file": file,
        "evidence": fact.statement(0),
    }
