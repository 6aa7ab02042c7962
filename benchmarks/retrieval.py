"""What a layer is worth beside retrieval: passages found by BM25 before the question, and both.

    python benchmarks/retrieval.py --data FOLDER --workspace FOLDER [--topics NAME ...]
        [--layers FOLDER] [--transfer] [--threads N]

The questions of `study.py` are put to SmolLM2 as it is served: bare; with 2,500 characters of the
right page; with the best one or three chunks of the topic's documents, by SQLite's BM25; and where
`--layers` holds a PEFT folder for each topic, by that layer, bare and with the chunks. Chunks are
those of the topic's dataset, 512 tokens at most, each with the line that says whom it speaks of,
the best one next to the question; documents that are held out are searched, too. `closed_book.py`
says what D, A, first and exact are; here llama.cpp gives the log-probabilities. Every condition has
a fresh server, and answers one question at a time: milliseconds are those of one user. What the
workspace holds is not asked again, nor timed again (its folder `retrieval` may be removed).
Ended, it prints the conditions that were finished, and goes on when it is run again.
"""

import argparse
import os
import re
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from closed_book import MOST_TOKENS, TOPICS, Exam, Question, Scores, judged, machine, opened
from study_questions import known_questions, places, unseen_questions, with_pages

from lamina.artifacts import ArtifactRef
from lamina.assessment.asking.client import Client
from lamina.assessment.exam.blend import Blend
from lamina.assessment.exam.sampling import Sampling
from lamina.gguf import read_header
from lamina.layer_server import client as client_of
from lamina.passport import Passport
from lamina.peft_folders import FILE, import_folder
from lamina.serving.launch import running_server
from lamina.stages import corpus
from lamina.stages.pod import Pod
from lamina.text.rows import SPLITS, Row, read_rows
from lamina.training.profiles import profile

TOPS = (1, 3)
CHUNK_TOKENS = 512
_AS_TRAINED = Sampling(max_tokens=MOST_TOKENS, system=None)
_WORD = re.compile(r"\w+")
_COLUMNS = (
    "topic", "questions", "condition", "D", "A", "first", "exact", "prompt tokens",
    "answer tokens", "ms to the first", "ms in all",
)  # fmt: skip
Said = dict[str, Any]  # an answer, as a cell keeps it
Told = dict[str, tuple[Scores, list[Said]]]  # by topic


class Chunks:
    """The chunks of some topics' documents, found by BM25."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._index = sqlite3.connect(":memory:")
        self._index.execute("CREATE VIRTUAL TABLE chunks USING fts5(text, tokenize='porter')")
        texts = ((f"{row.given}{row.text}",) for row in rows)
        self._index.executemany("INSERT INTO chunks VALUES (?)", texts)

    def best(self, question: str, count: int) -> list[Row]:
        """The chunks that share most with the question, the best one first."""
        words = " OR ".join(f'"{word}"' for word in _WORD.findall(question))
        found = self._index.execute(
            "SELECT rowid FROM chunks WHERE chunks MATCH ? ORDER BY bm25(chunks) LIMIT ?",
            (words, count),
        )
        return [self._rows[number - 1] for (number,) in found]


class Asked(NamedTuple):
    """A topic's questions, in every form in which they are put."""

    bare: list[Question]
    page: list[Question]
    found: dict[int, list[Question]]  # after so many chunks
    rows: list[Row]
    where: dict[str, tuple[str, int]]


def main() -> None:
    """Ask under every condition, then print the tables."""
    options = parsed()
    pod = opened(options)
    base = corpus.find_base(pod)
    verdicts = corpus.pdf_pretest(pod, corpus.find_documents(pod))
    exam = Exam(pod, options.data / "exam", profile("text"))
    asked: dict[str, Asked] = {}
    with tempfile.TemporaryDirectory() as name:
        for topic in options.topics:
            dataset = corpus.build_dataset(pod, verdicts, topic, base, CHUNK_TOKENS)
            if options.layers:
                link_layer(pod, options.layers / topic, dataset, Path(name) / f"{topic}.gguf")
            asked[topic] = asked_of(pod, exam, topic, dataset, is_transfer=options.transfer)
        print(f"{recalls(asked)}\n")
        told: dict[str, Told] = {}
        try:
            for condition, has_layer, questions in conditions(asked, bool(options.layers)):
                told[condition] = answered(pod, exam, questions, Path(name) if has_layer else None)
        finally:  # what there is of a run that was ended
            print(f"{machine(options)}\n\n{table(told)}")


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--topics", nargs="+", default=list(TOPICS))
    parser.add_argument("--layers", type=Path, help="holds a PEFT folder for each topic")
    parser.add_argument("--transfer", action="store_true", help="ask about unseen companies")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.set_defaults(set=[])
    return parser.parse_args()


def link_layer(pod: Pod, folder: Path, dataset: ArtifactRef, link: Path) -> None:
    """The layer as the server reads it; ended where it learnt other documents than these."""
    passport = Passport.from_manifest(folder)
    if passport and {*passport.documents} != {*pod.store.manifest(dataset).facts["documents"]}:
        sys.exit(f"{folder} was trained on other documents than {link.stem} has in --data")
    header = read_header(pod.workspace.base_gguf(pod.settings))
    link.symlink_to(
        pod.store.open(import_folder(folder, link.stem, header, store=pod.store)) / FILE
    )


def asked_of(pod: Pod, exam: Exam, topic: str, dataset: ArtifactRef, *, is_transfer: bool) -> Asked:
    """The topic's questions, with what is put before them."""
    bare = (unseen_questions if is_transfer else known_questions)(pod, exam, topic, dataset)
    folder = pod.store.open(dataset)
    rows = [
        row
        for split in SPLITS
        for row in read_rows(folder / f"{split}.jsonl")
        if row.kind == "text"
    ]
    chunks = Chunks(rows)
    found = {top: [_with(chunks.best(one.text, top), one) for one in bare] for top in TOPS}
    page = list(with_pages(pod, exam, topic, dataset, bare))
    return Asked(bare, page, found, rows, places(pod, exam, topic))


def _with(rows: Sequence[Row], asked: Question) -> Question:
    """The question after these chunks, the best one next to it."""
    before = [f"{row.given}{row.text}" for row in reversed(rows)]
    return asked._replace(text="\n\n".join([*before, asked.text]))


def conditions(
    asked: dict[str, Asked], has_layers: bool
) -> Iterator[tuple[str, bool, dict[str, list[Question]]]]:
    """Name, whether a layer answers, and what is put to it."""
    names = ("base", "layer") if has_layers else ("base",)
    for layer, name in enumerate(names):
        yield name, bool(layer), {topic: one.bare for topic, one in asked.items()}
    for top in TOPS:
        found = {topic: one.found[top] for topic, one in asked.items()}
        for layer, name in enumerate(names):
            yield f"{name}, BM25's best {top}", bool(layer), found
    for layer, name in enumerate(names):
        yield f"{name}, right page", bool(layer), {topic: one.page for topic, one in asked.items()}


def answered(pod: Pod, exam: Exam, asked: dict[str, list[Question]], adapters: Path | None) -> Told:
    """What the served base, or the topic's layer, says to the questions, and how sure it is."""
    told: Told = {}
    chosen = pod.settings
    with (
        running_server(
            pod.workspace.base_gguf(chosen), adapters=adapters, n_threads=chosen.n_threads
        ) as url,
        Client(url) as client,
    ):
        for topic, questions in asked.items():
            blend = Blend(((topic, 1.0),) if adapters else ())
            client.ask("Hello", blend, _AS_TRAINED)  # the layer is loaded
            layer = str((adapters / f"{topic}.gguf").resolve()) if adapters else ""
            found = [
                exam.once("retrieval", [one, layer], partial(_said, client, one, blend))
                for one in questions
            ]
            values = [
                exam.once("retrieval-scores", [one, layer], partial(_scored, url, one, blend))
                for one in questions
            ]
            scores = judged(questions, list(chain.from_iterable(values)))
            figures = set(exam.figures(questions))
            scores.exact = [
                exam.is_right(asked_for, one["text"])
                for asked_for, one in zip(questions, found, strict=True)
                if asked_for in figures
            ]
            told[topic] = scores, found
    return told


def _said(client: Client, one: Question, blend: Blend) -> Said:
    return client.ask(one.text, blend, _AS_TRAINED).value(in_flight=1)


def _scored(url: str, one: Question, blend: Blend) -> list[float]:
    """The log-probability a token of every answer, its end not counted."""
    item = {
        "messages": [{"role": "user", "content": one.text}],
        "candidates": [*one.wordings, *one.others],
    }
    with client_of(url, timeout=600) as http:
        reply = http.post("/v1/score", json={"model": blend.name, "items": [item]})
    reply.raise_for_status()
    (told,) = reply.json()["data"]
    return [statistics.fmean(each["token_logprobs"][:-1]) for each in told["candidates"]]


def table(told: dict[str, Told]) -> str:
    """A line for each topic and condition, and one for all topics."""
    lines = [f"| {' | '.join(_COLUMNS)} |", "|---" * len(_COLUMNS) + "|"]
    topics = list(next(iter(told.values()), []))
    for topic in [*topics, "all"]:
        for condition, by_topic in told.items():
            scores, said = Scores(), list[Said]()
            for one in topics if topic == "all" else [topic]:
                scores.add(by_topic[one][0])
                said += by_topic[one][1]
            lines.append(
                f"| {' | '.join([topic, str(len(said)), condition, *_cells(scores, said)])} |"
            )
    return "\n".join(lines)


def _cells(scores: Scores, said: Sequence[Said]) -> list[str]:
    if not said:
        return [""] * 8
    mean = statistics.fmean
    return [
        f"{mean(scores.margins):.2f}", f"{mean(scores.own):.2f}", f"{mean(scores.first):.2f}",
        f"{sum(scores.exact)} of {len(scores.exact)}",
        f"{mean(one['n_prompt_tokens'] for one in said):.0f}",
        f"{mean(one['n_tokens'] for one in said):.0f}",
        f"{1000 * mean(one['first_token_s'] for one in said):.0f}",
        f"{1000 * mean(one['total_s'] for one in said):.0f}",
    ]  # fmt: skip


def recalls(asked: dict[str, Asked]) -> str:
    """How often the right page is among the best: of the topic's chunks, and of all topics'."""
    everything = Chunks([row for one in asked.values() for row in one.rows])
    lines = [
        "| topic | chunks | questions | topic's: at 1 | at 3 | all topics': at 1 | at 3 |",
        "|---" * 7 + "|",
    ]
    for topic, one in asked.items():
        cells = [
            f"{sum(_has(chunks.best(q.text, top), *one.where[q.id]) for q in one.bare)}"
            for chunks in (Chunks(one.rows), everything)
            for top in TOPS
        ]
        lines.append(f"| {topic} | {len(one.rows)} | {len(one.bare)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _has(rows: Sequence[Row], document: str, page: int) -> bool:
    return any(row.document == document and row.pages[0] <= page <= row.pages[1] for row in rows)


if __name__ == "__main__":
    main()
