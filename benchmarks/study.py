"""What study rows teach: a closed book on what a layer was trained on, beside text and the page.

    python benchmarks/study.py --data FOLDER --workspace FOLDER [--topics NAME ...]
        [--conditions raw study study+passes:16 ...] [--transfer] [--jobs N] [--set rate=...]

`--data` holds topics/<layer>/*.pdf and exam/<layer>.jsonl. The base is SmolLM2-135M-Instruct. Only
questions count whose page the layer trains on (the wording is new, the fact is not); with
`--transfer` only those about test documents of companies that it trains nothing on. They are put
to the base; to the base with 2,500 characters of the page before the question; and to a layer of
every condition (`study_conditions.py`). `closed_book.py` says what D, A, first and exact are.
Beside them stands what a layer does elsewhere: D on the questions of the other topics, and the
share of the sixty general questions that it answers right. Layers are trained by the product's own
stage, and what the workspace holds is not made again: ended, it goes on. `--jobs` trains so many at
once, each in a process of its own, which a GPU with room wants.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from closed_book import TOPICS, Exam, Question, Scores, machine, opened, trained
from study_conditions import recipe
from study_questions import known_questions, unseen_questions, with_pages

from lamina.artifacts import ArtifactRef
from lamina.cli.shared import assignments
from lamina.fingerprint import text_digest
from lamina.passport import BaseIdentity
from lamina.stages import corpus, study
from lamina.stages.pod import Pod
from lamina.training.profiles import profile

BASE, PAGE = "base", "base with the page"
_RUNS = (
    "topic", "questions", "figures", "condition", "D", "A", "first", "exact", "D elsewhere",
    "general", "tokens seen", "kept step", "minutes",
)  # fmt: skip
_ROWS = ("topic", "pages", "taught", "facts", "rows", "seconds", "kinds", "left out")


class Topic(NamedTuple):
    """What the layers of one topic are made of."""

    dataset: ArtifactRef
    studied: ArtifactRef
    asked: list[Question]  # whose page it trains on
    pages: list[Question]  # the same, each with its page


@dataclass(slots=True)
class Bench:
    """The workspace, the exam, and what was found."""

    pod: Pod
    base: BaseIdentity
    exam: Exam
    values: dict[str, Any]
    topics: dict[str, Topic] = field(default_factory=dict)
    facts: dict[str, Mapping[str, Any]] = field(default_factory=dict)


def main() -> None:
    """Train and ask what is missing, then print the tables."""
    options = parsed()
    bench = prepared(options, opened(options))
    jobs = [(topic, words) for words in options.conditions for topic in options.topics]
    if options.jobs == 1:
        for number, job in enumerate(jobs):
            if options.stop_after and time.monotonic() > options.ends:
                print(told(bench, options))
                sys.exit(f"stopped as told with {number} of {len(jobs)} layers; run again to go on")
            measured(bench, *job)
    else:
        side_by_side(options, jobs)
    print(told(bench, options))


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--topics", nargs="+", default=list(TOPICS))
    parser.add_argument("--conditions", nargs="+", default=["raw", "raw+long", "study"])
    parser.add_argument("--transfer", action="store_true", help="ask about unseen companies")
    parser.add_argument("--set", action="append", default=[], help="a value of every profile")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--chunk-tokens", type=int, default=512)
    parser.add_argument("--jobs", type=int, default=1, help="layers trained at once")
    parser.add_argument("--stop-after", type=float, default=0, help="minutes; begin no layer later")
    options = parser.parse_args()
    options.ends = time.monotonic() + 60 * (options.stop_after or 1e6)
    return options


def prepared(options: argparse.Namespace, pod: Pod) -> Bench:
    """The topics' datasets and study rows, and the questions that count."""
    base = corpus.find_base(pod)
    values = assignments(options.set)
    exam = Exam(pod, options.data / "exam", profile("text", **values))
    bench = Bench(pod, base, exam, values)
    verdicts = corpus.pdf_pretest(pod, corpus.find_documents(pod))
    for topic in options.topics:
        dataset = corpus.build_dataset(pod, verdicts, topic, base, options.chunk_tokens)
        studied = study.study_layer(pod, topic, dataset, [one["question"] for one in exam.asked])
        chosen = unseen_questions if options.transfer else known_questions
        asked = chosen(pod, exam, topic, dataset)
        pages = list(with_pages(pod, exam, topic, dataset, asked))
        bench.topics[topic] = Topic(dataset, studied, asked, pages)
        manifest = pod.store.manifest(studied)
        bench.facts[topic] = {**manifest.facts, **manifest.run}
    return bench


def side_by_side(options: argparse.Namespace, jobs: Sequence[tuple[str, str]]) -> None:
    """Every job in one of some processes, which keep their base loaded."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.jobs, spawn, _begin, (options,)) as pool:
        for line in pool.map(_job, jobs):
            print(line, flush=True)


_BENCH: list[tuple[Bench, float]] = []  # of this process


def _begin(options: argparse.Namespace) -> None:
    _BENCH.append((prepared(options, opened(options)), options.ends))


def _job(job: tuple[str, str]) -> str:
    (bench, ends), started_s = _BENCH[0], time.monotonic()
    if started_s > ends:
        return f"{job}: no time left"
    try:
        measured(bench, *job)
    except Exception:  # noqa: BLE001 - one layer that fails does not cost a lease the others
        return f"{job}: {traceback.format_exc()}"
    return f"{job}: {time.monotonic() - started_s:.0f} s"


def measured(bench: Bench, topic: str, words: str) -> dict[str, Any]:
    """A condition's scores on its own questions and elsewhere; trained if it is a layer's."""
    of, layer = bench.topics[topic], None
    if words not in {BASE, PAGE}:
        chosen = recipe(bench.pod, topic, of.dataset, bench.base, of.studied, words, bench.values)
        layer = trained(bench.pod, topic, of.dataset, bench.base, *chosen)
    asked = of.pages if words == PAGE else of.asked
    scores = bench.exam.scores(asked, layer)
    scores.exact = bench.exam.exact(asked, layer)
    elsewhere = Scores()
    for other, its in bench.topics.items():
        if other != topic and words != PAGE:
            elsewhere.add(bench.exam.scores(its.asked, layer))
    general = bench.exam.general(layer) if words != PAGE else []
    noted(bench, topic, words).write_text(str(layer), encoding="utf-8")
    return {"scores": scores, "elsewhere": elsewhere, "general": general, "layer": layer}


def noted(bench: Bench, topic: str, words: str) -> Path:
    """The file that stands once a condition was measured."""
    folder = bench.pod.workspace.root / "study-measured"
    folder.mkdir(exist_ok=True)
    asked = text_digest(json.dumps(bench.topics[topic].asked))[:8]
    return folder / f"{topic} {words} {asked}"


def told(bench: Bench, options: argparse.Namespace) -> str:
    """The tables: a line for each condition over all topics, then for each topic."""
    lines = []
    for words in (BASE, PAGE, *options.conditions):
        of = {
            topic: measured(bench, topic, words)
            for topic in bench.topics
            if words in {BASE, PAGE} or noted(bench, topic, words).exists()
        }
        if not of:
            continue
        for topic, found in of.items():
            lines.append([topic, *_cells(words, found), *_run(bench.pod, found["layer"])])
        own, elsewhere, general = Scores(), Scores(), []
        for found in of.values():
            own.add(found["scores"])
            elsewhere.add(found["elsewhere"])
            general += found["general"]
        joined = {"scores": own, "elsewhere": elsewhere, "general": general}
        lines.append([f"{len(of)} topics", *_cells(words, joined), "", "", ""])
    rows = [_studied(topic, facts) for topic, facts in bench.facts.items()]
    ordered = sorted(lines, key=lambda line: not line[0].endswith(" topics"))
    return "\n".join([machine(options), "", _table(_RUNS, ordered), "", _table(_ROWS, rows)])


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"| {' | '.join(head)} |\n{'|---' * len(head)}|\n{body}"


def _cells(words: str, found: Mapping[str, Any]) -> list[str]:
    scores, elsewhere, general = found["scores"], found["elsewhere"], found["general"]
    return [
        str(len(scores.own)), str(len(scores.exact)), words,
        _mean(scores.margins), _mean(scores.own), _mean(scores.first),
        f"{sum(scores.exact)} of {len(scores.exact)}", _mean(elsewhere.margins), _mean(general),
    ]  # fmt: skip


def _mean(values: Sequence[float]) -> str:
    return f"{statistics.fmean(values):.2f}" if values else ""


def _run(pod: Pod, ref: ArtifactRef | None) -> list[str]:
    if ref is None:
        return ["", "", ""]
    manifest = pod.store.manifest(ref)
    plan, last = manifest.facts["plan"], manifest.facts["last_step"]
    tokens = plan["tokens"] * last / plan["steps"]  # of all parts of a run that was resumed
    minutes = tokens / manifest.run["tokens_per_s"] / 60
    return [f"{tokens:,.0f}", f"{manifest.facts['kept_step']} of {plan['steps']}", f"{minutes:.1f}"]


def _studied(topic: str, facts: Mapping[str, Any]) -> list[str]:
    counts = [str(facts[name]) for name in ("passages", "taught", "groups", "rows")]
    seconds = str(facts.get("seconds", ""))
    return [topic, *counts, seconds, json.dumps(facts["kinds"]), json.dumps(facts["dropped"])]


if __name__ == "__main__":
    main()
