"""What study rows teach: a closed book on what a layer was trained on, beside text and the page.

    python benchmarks/study.py --data FOLDER --workspace FOLDER [--topics NAME ...]
        [--passes 4 8] [--wordings 1 3 6] [--without replay text] [--set rate=...]
        [--transfer] [--stop-after MINUTES]

`--data` holds topics/<layer>/*.pdf and exam/<layer>.jsonl. The base is SmolLM2-135M-Instruct. Only
questions count whose page the layer trains on (the wording is new, the fact is not); with
`--transfer` only those about test documents of companies that it trains nothing on. They are put
to the base; to the base with 2,500 characters of the page before the question; to a layer of raw
text; and to layers of text and study rows, for every number of passes and of wordings that a fact
has at most. `closed_book.py` says what D, A, first and exact are. Layers are trained by the
product's own stage with the profile `study`, and what the workspace holds is not made again:
ended, it goes on.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from closed_book import TOPICS, Exam, Question, Scores, machine, opened, trained

from lamina.artifacts import ArtifactRef
from lamina.cli.shared import assignments
from lamina.passport import BaseIdentity
from lamina.stages import corpus, mixing, study
from lamina.stages.pod import Pod
from lamina.store import Stage
from lamina.study.passages import passages_of
from lamina.text.pages import read_stored_pages
from lamina.text.rows import SPLITS, read_rows
from lamina.text.study_rows import STUDY_FILE, read_study_rows
from lamina.text.subjects import read_subjects
from lamina.training.mix import Mix
from lamina.training.profiles import Profile, profile

PAGE_CHARACTERS = 2500
LIMITED = Stage("benchmark-limited-study", 1)
BASE, PAGE, TEXT = "base", "base with the page", "raw text"
_RUNS = (
    "topic", "questions", "figures", "condition", "D", "A", "first", "exact", "tokens seen",
    "kept step", "minutes",
)  # fmt: skip
_ROWS = ("topic", "pages", "taught", "facts", "rows", "seconds", "kinds", "left out")
_NO_STUDY = {"study_passes": 0, "replay_share": 0.0}


def main() -> None:
    """Train and ask what is missing, then print the tables."""
    options = parsed()
    started_s = time.monotonic()
    pod = opened(options)
    base = corpus.find_base(pod)
    verdicts = corpus.pdf_pretest(pod, corpus.find_documents(pod))
    values = assignments(options.set)
    raw = profile("layer", **{**values, **_NO_STUDY})
    exam = Exam(pod, options.data / "exam", raw)
    scores: dict[tuple[str, str], Scores] = {}
    runs: dict[tuple[str, str], ArtifactRef] = {}
    rows: dict[str, Mapping[str, Any]] = {}
    for topic in options.topics:
        dataset = corpus.build_dataset(pod, verdicts, topic, base, options.chunk_tokens)
        asked = (unseen_questions if options.transfer else known_questions)(
            pod, exam, topic, dataset
        )
        pages = list(with_pages(pod, exam, topic, dataset, asked))
        scores[topic, BASE] = scored(exam, asked, None)
        scores[topic, PAGE] = scored(exam, pages, None)
        studied = study.study_layer(pod, topic, dataset, [one["question"] for one in exam.asked])
        rows[topic] = pod.store.manifest(studied).facts | pod.store.manifest(studied).run
        for name, chosen, mix in conditions(pod, options, base, studied, values):
            if options.stop_after and time.monotonic() - started_s > 60 * options.stop_after:
                print(told(pod, options, scores, runs, rows))
                sys.exit("stopped as told; run again to go on")
            runs[topic, name] = trained(pod, topic, dataset, base, chosen, mix)
            scores[topic, name] = scored(exam, asked, runs[topic, name])
    print(told(pod, options, scores, runs, rows))


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--topics", nargs="+", default=list(TOPICS))
    parser.add_argument("--passes", type=float, nargs="+", default=[profile("study").study_passes])
    parser.add_argument("--wordings", type=int, nargs="+", default=[99], help="of a fact at most")
    parser.add_argument(
        "--without", nargs="+", default=[], choices=("raw", "replay", "text"),
        help="raw = no layer of raw text; replay, text = study rows without these",
    )  # fmt: skip
    parser.add_argument("--transfer", action="store_true", help="ask about unseen companies")
    parser.add_argument("--set", action="append", default=[], help="a value of every profile")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--chunk-tokens", type=int, default=512)
    parser.add_argument("--stop-after", type=float, default=0, help="minutes; begin no layer later")
    return parser.parse_args()


def conditions(
    pod: Pod,
    options: argparse.Namespace,
    base: BaseIdentity,
    studied: ArtifactRef,
    values: dict[str, Any],
) -> Iterator[tuple[str, Profile, Mix]]:
    """The layers to train: name, profile, and what is mixed in."""
    if "raw" not in options.without:
        yield TEXT, profile("layer", **{**values, **_NO_STUDY}), Mix()
    for passes in options.passes:
        for wordings in options.wordings:
            chosen = profile("study", **{**values, "study_passes": passes})
            if "replay" in options.without:
                chosen = chosen.model_copy(update={"replay_share": 0.0})
            if "text" in options.without:
                chosen = chosen.model_copy(update={"epochs": 1e-6})
            kept = mixing.replay(pod, base, chosen) if chosen.replay_share else None
            mix = Mix(study=limited(pod, studied, wordings), replay=kept)
            left = "".join(f" -{one}" for one in options.without if one != "raw")
            yield f"study {passes:g}x{wordings}{left}", chosen, mix


def limited(pod: Pod, studied: ArtifactRef, wordings: int) -> ArtifactRef:
    """The same rows, at most so many wordings of each fact."""

    def make(folder: Path) -> dict[str, object]:
        rows = read_study_rows(pod.store.open(studied))
        lines = (f"{row.model_dump_json()}\n" for row in rows if row.wording < wordings)
        (folder / STUDY_FILE).write_text("".join(lines), encoding="utf-8")
        return {"wordings": wordings}

    return pod.store.once("study", LIMITED, {"study": studied, "wordings": wordings}, make)


def known_questions(pod: Pod, exam: Exam, topic: str, dataset: ArtifactRef) -> list[Question]:
    """The topic's questions whose page the layer trains on."""
    trained_on = {(one.document, one.page.number) for one in passages_of(dataset, pod.store)}
    where = places(pod, exam, topic)
    return [one for one in exam.questions(topic) if where.get(one.id) in trained_on]


def unseen_questions(pod: Pod, exam: Exam, topic: str, dataset: ArtifactRef) -> list[Question]:
    """Those about documents of the test whose company speaks in no document that it trains on."""
    folder = pod.store.open(dataset)
    company = {name: one.company for name, one in read_subjects(folder).items()}
    parts = {
        split: {row.document for row in read_rows(folder / f"{split}.jsonl")} for split in SPLITS
    }
    known = {company[document] for document in parts["train"]}
    unseen = {one for one in parts["test"] - parts["train"] if company[one] not in known}
    where = places(pod, exam, topic)
    return [one for one in exam.questions(topic) if where.get(one.id, ("", 0))[0] in unseen]


def places(pod: Pod, exam: Exam, topic: str) -> dict[str, tuple[str, int]]:
    """By question: the document and the page that its evidence stands on."""
    files = {one.name: one.digest for one in corpus.find_documents(pod) if one.layer == topic}
    return {
        entry["id"]: (files[entry["file"]], entry["page"] + 1)
        for entry in exam.asked
        if entry["topic"] == topic and entry["file"] in files
    }


def with_pages(
    pod: Pod, exam: Exam, topic: str, dataset: ArtifactRef, asked: Sequence[Question]
) -> Iterator[Question]:
    """The questions, each after so much of its page as stands around its evidence."""
    where = places(pod, exam, topic)
    entries = {entry["id"]: entry for entry in exam.asked}
    subjects = read_subjects(pod.store.open(dataset))
    for one in asked:
        document, number = where[one.id]
        pages = read_stored_pages(pod.store, subjects[document].pages).pages
        page = next(page for page in pages if page.number == number)
        text = " ".join(page.text.split())
        found = max(text.find(" ".join(entries[one.id]["evidence"].split())[:60]), 0)
        start = max(min(found - PAGE_CHARACTERS // 2, len(text) - PAGE_CHARACTERS), 0)
        yield one._replace(text=f"{text[start : start + PAGE_CHARACTERS]}\n\n{one.text}")


def scored(exam: Exam, asked: Sequence[Question], layer: ArtifactRef | None) -> Scores:
    """How likely the answers are, and how many figures are said right."""
    found = exam.scores(asked, layer)
    found.exact = exam.exact(asked, layer)
    return found


def told(
    pod: Pod,
    options: argparse.Namespace,
    scores: Mapping[tuple[str, str], Scores],
    runs: Mapping[tuple[str, str], ArtifactRef],
    rows: Mapping[str, Mapping[str, Any]],
) -> str:
    """The tables: a line for each topic and condition, and one for all topics that have it."""
    names = list(dict.fromkeys(name for _, name in scores))
    lines = [machine(options), "", _head(_RUNS)]
    for topic in rows:
        for name in names:
            if (topic, name) in scores:
                cells = _cells(topic, name, scores[topic, name])
                lines.append(f"| {' | '.join([*cells, *_run(pod, runs.get((topic, name)))])} |")
    for name in names:
        joined = Scores()
        for topic in rows:
            joined.add(scores.get((topic, name), Scores()))
        lines.append(f"| {' | '.join([*_cells('all', name, joined), '', '', ''])} |")
    lines += [
        "",
        "| topic | pages | taught | facts | rows | seconds | kinds | left out |",
        "|---" * 8 + "|",
    ]
    lines += [f"| {' | '.join(_studied(topic, facts))} |" for topic, facts in rows.items()]
    return "\n".join(lines)


def _head(columns: Sequence[str]) -> str:
    return f"| {' | '.join(columns)} |\n" + "|---" * len(columns) + "|"


def _cells(topic: str, name: str, found: Scores) -> list[str]:
    if not found.own:
        return [topic, "0", "0", name, "", "", "", ""]
    exact = f"{sum(found.exact)} of {len(found.exact)}"
    return [
        topic, str(len(found.own)), str(len(found.exact)), name,
        f"{statistics.fmean(found.margins):.2f}", f"{statistics.fmean(found.own):.2f}",
        f"{statistics.fmean(found.first):.2f}", exact,
    ]  # fmt: skip


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
