"""Flows to try things on: two small stages, and the beginning of the product's own chain."""

import os
from pathlib import Path
from typing import Any

from prefect import flow, task
from pydantic import BaseModel

from lamina.orders import Reading
from lamina.store import Stage
from tasks import corpus, edge
from tasks.caching import Stored, stage_task

READ, COUNT = Stage("read", 1), Stage("count", 1)


class Paper(BaseModel):
    """A text file: its content is its identity."""

    path: Path
    text: str

    def content_identity(self) -> object:
        return self.text

    @classmethod
    def at(cls, path: Path) -> "Paper":
        return cls(path=path, text=path.read_text())


def note_run(stage: str) -> None:
    """Tell the test, which may be another process, that a stage's body did its work."""
    with Path(os.environ["PROBE_LOG"]).open("a") as log:
        log.write(f"{stage}\n")


@stage_task(READ, task_run_name="read")
def read(paper: Paper) -> Stored:
    def make(folder: Path) -> dict[str, Any]:
        note_run("read")
        (folder / "words.txt").write_text(paper.text.upper())
        return {}

    return Stored.of(edge.store().once("words", READ, {"paper": paper}, make))


@stage_task(COUNT, task_run_name="count")
def count(words: Stored, unit: str) -> Stored:
    def make(folder: Path) -> dict[str, Any]:
        note_run("count")
        text = (edge.store().open(words) / "words.txt").read_text()
        (folder / "count.txt").write_text(f"{len(text.split())} {unit}")
        return {}

    return Stored.of(edge.store().once("count", COUNT, {"words": words, "unit": unit}, make))


@flow(name="judge-corpus", log_prints=False)
def judge_corpus(reading: Reading = Reading()) -> Stored:  # noqa: B008
    """The beginning of the product's flows: what there is, and what it is worth."""
    return corpus.judge(corpus.find_documents(), reading)


@task
def lost_batch(number: int, documents: object, reading: Reading) -> float:
    """A batch on a machine that breaks down."""
    raise OSError(number, documents, reading)


@flow(name="build-datasets", log_prints=False)
def build_datasets() -> None:
    """From documents to datasets, as the product's flows do it."""
    base = corpus.find_base()
    documents = corpus.find_documents()
    verdicts = corpus.judge(documents, Reading())
    corpus.publish_verdicts(documents, verdicts)
    names = corpus.choose_layers(verdicts, [])
    corpus.publish_datasets([corpus.build_dataset(verdicts, name, base, 256) for name in names])
