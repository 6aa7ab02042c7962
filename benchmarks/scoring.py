"""Answers scored per second: a question and its seven answers as seven texts, and as candidates.

    python benchmarks/scoring.py --base FILE.gguf --exam FOLDER [--questions 100] [--in-flight 1,2]
        [--slots 4] [--threads 2] [--layers 2] [--ways texts candidates]

Questions are taken from the folder's files in turn; the six wrong answers are those that an
assessment would take. Every question is scored under the base and under each of some random-weight
layers, subject by subject as an assessment does. Both ways ask one server, which is fresh for each.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from pathlib import Path

import httpx
from serving_model import Shape, write_layer

from lamina.assessment.exam.asked import Choose, choices
from lamina.assessment.exam.questions import read_exam
from lamina.gguf import read_header
from lamina.serving.launch import running_server

A_REQUEST = 16  # questions
Items = list[dict[str, object]]


def exam(folder: Path, count: int) -> list[Choose]:
    """The folder's questions, a file's after another's, each with its answers."""
    files = [read_exam(path) for path in sorted(folder.glob("*.jsonl"))]
    mixed = [one for row in zip_longest(*files) for one in row if one]
    chosen = choices(mixed, seed=1)
    return [chosen[one] for one in mixed if one in chosen][:count]


def as_texts(question: Choose) -> Items:
    """An item an answer."""
    asked = [{"role": "user", "content": question.question}]
    return [{"messages": asked, "text": answer} for answer in question.answers]


def as_candidates(question: Choose) -> Items:
    """One item, in which the question stands once."""
    asked = [{"role": "user", "content": question.question}]
    return [{"messages": asked, "candidates": question.answers}]


def requests(questions: Sequence[Choose], way: str) -> Iterator[Items]:
    """Items of 16 questions at a time."""
    items = as_texts if way == "texts" else as_candidates
    for start in range(0, len(questions), A_REQUEST):
        yield [item for one in questions[start : start + A_REQUEST] for item in items(one)]


def measure(
    url: str, questions: Sequence[Choose], models: Sequence[str], way: str, in_flight: int
) -> tuple[float, float]:
    """Seconds, and the sum of all log-probabilities: the same for both ways."""

    def send(body: dict[str, object]) -> float:
        reply = client.post("/v1/score", json=body)
        reply.raise_for_status()
        found = [one.get("candidates", [one]) for one in reply.json()["data"]]
        return sum(score["logprob"] for scores in found for score in scores)

    total = 0.0
    with httpx.Client(base_url=url, timeout=600, trust_env=False) as client:
        began_s = time.perf_counter()
        for model in models:
            bodies = [{"model": model, "items": one} for one in requests(questions, way)]
            with ThreadPoolExecutor(in_flight) as pool:
                total += sum(pool.map(send, bodies))
        return time.perf_counter() - began_s, total


def shape_of(base: Path) -> Shape:
    """What a layer for this base must look like."""
    facts = read_header(base).metadata
    kind = facts["general.architecture"]
    return Shape(
        hidden=facts[f"{kind}.embedding_length"],
        blocks=facts[f"{kind}.block_count"],
        heads=facts[f"{kind}.attention.head_count"],
        kv_heads=facts[f"{kind}.attention.head_count_kv"],
        feed=facts[f"{kind}.feed_forward_length"],
    )


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--exam", type=Path, required=True)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--in-flight", default="1,2")
    parser.add_argument("--slots", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--ways", nargs="+", default=["texts", "candidates"])
    parser.add_argument("--more", default="", help="further flags of the server")
    options = parser.parse_args()
    questions = exam(options.exam, options.questions)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        models = ["base", *(f"L{number}" for number in range(options.layers))]
        for number, layer in enumerate(models[1:]):
            write_layer(folder / f"{layer}.gguf", shape_of(options.base), seed=number)
        answers = sum(len(one.answers) for one in questions) * len(models)
        print(f"{len(questions)} questions, {answers} answers, {len(models)} subjects\n")
        print(
            "| way | in flight | s | answers/s | sum of log-probabilities |\n|---|---|---|---|---|"
        )
        for way in options.ways:
            for in_flight in map(int, options.in_flight.split(",")):
                with running_server(
                    options.base,
                    adapters=folder,
                    n_threads=options.threads,
                    n_parallel=options.slots,
                    more=options.more.split(),
                ) as url:
                    measure(url, questions[:2], models, way, 1)  # layers are loaded
                    seconds, total = measure(url, questions, models, way, in_flight)
                rate = answers / seconds
                print(
                    f"| {way} | {in_flight} | {seconds:.1f} | {rate:.1f} | {total:.1f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
