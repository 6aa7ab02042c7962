"""What a topic's layer is worth by one profile and by another: held-out text, and a closed book.

    python benchmarks/recipe.py --data FOLDER --workspace FOLDER [--topics NAME ...]
        [--profiles level2 text] [--set dtype=bfloat16] [--threads N] [--stop-after MINUTES]

`--data` holds topics/<layer>/*.pdf and exam/<layer>.jsonl. The base is SmolLM2-135M-Instruct, as
`lamina base add smollm2` brings it. Every profile gets the same rows: it learns `train`, its step
is chosen on `validation`, and the table has the loss on `test`, documents that neither saw, in nats
a token of text. Layers are trained by the product's own stage, and what the workspace holds
already, layers and scores, is not made again, so that the run can go on where it was stopped.

The exam's questions that its documents answer are put without any page; `closed_book.py` says what
A, D and first are.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from closed_book import TOPICS, Exam, Scores, machine, opened, trained

from lamina.artifacts import ArtifactRef
from lamina.cli.shared import assignments
from lamina.stages import corpus
from lamina.stages.pod import Pod
from lamina.training.profiles import profile


def main() -> None:
    """Train and score what is missing, then print the tables."""
    options = parsed()
    started_s = time.monotonic()
    pod = opened(options)
    base = corpus.find_base(pod)
    verdicts = corpus.pdf_pretest(pod, corpus.find_documents(pod))
    rows = {
        topic: corpus.build_dataset(pod, verdicts, topic, base, options.chunk_tokens)
        for topic in options.topics
    }
    chosen = {name: profile(name, **assignments(options.set)) for name in options.profiles}
    made: dict[tuple[str, str], ArtifactRef] = {}
    for name, one in chosen.items():
        for topic, dataset in rows.items():
            if options.stop_after and time.monotonic() - started_s > 60 * options.stop_after:
                sys.exit("stopped as told; run again to go on")
            made[topic, name] = trained(pod, topic, dataset, base, one)
    exam = Exam(pod, options.data / "exam", next(iter(chosen.values())))
    losses = {
        (topic, name): exam.test_loss(rows[topic], ref)
        for topic in options.topics
        for name, ref in {"base": None, **{n: made[topic, n] for n in chosen}}.items()
    }
    scores = {
        (topic, name): exam.scores(exam.questions(topic), ref)
        for topic in options.topics
        for name, ref in {"base": None, **{n: made[topic, n] for n in chosen}}.items()
    }
    print(told_losses(pod, options, made, losses))
    print(told_scores(options, scores))


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--topics", nargs="+", default=list(TOPICS))
    parser.add_argument("--profiles", nargs="+", default=["level2", "text"])
    parser.add_argument("--set", action="append", default=[], help="a value of every profile")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--chunk-tokens", type=int, default=512)
    parser.add_argument("--stop-after", type=float, default=0, help="minutes; begin no layer later")
    return parser.parse_args()


# -- the tables ---------------------------------------------------------------------------------


def told_losses(
    pod: Pod,
    options: argparse.Namespace,
    made: dict[tuple[str, str], ArtifactRef],
    losses: dict[tuple[str, str], float],
) -> str:
    """Losses on test text of the base and of each profile's layers."""
    names = options.profiles
    lines = [
        machine(options),
        "",
        "| topic | rows' tokens | base | "
        + " | ".join(f"{name} | fall | steps, kept | tokens seen" for name in names)
        + " |",
        "|---" * (3 + 4 * len(names)) + "|",
    ]
    falls: dict[str, list[float]] = {name: [] for name in names}
    for topic in options.topics:
        found = {name: pod.store.manifest(made[topic, name]) for name in names}
        facts = found[names[0]].facts
        begun = losses[topic, "base"]
        cells = [topic, f"{facts['plan']['epoch_tokens']:,}", f"{begun:.3f}"]
        for name, manifest in found.items():
            falls[name].append(begun - losses[topic, name])
            cells += [
                f"{losses[topic, name]:.3f}", f"{falls[name][-1]:.3f}",
                f"{manifest.facts['last_step']}, {manifest.facts['kept_step']}",
                f"{manifest.run['fit_tokens']:,}",
            ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    means = {name: statistics.fmean(each) for name, each in falls.items()}
    told_means = ", ".join(f"{name} {mean:.3f}" for name, mean in means.items())
    first, last = means[names[0]], means[names[-1]]
    return "\n".join([*lines, "", f"mean fall: {told_means}; {last / first:.1f} times", ""])


def told_scores(options: argparse.Namespace, scores: dict[tuple[str, str], Scores]) -> str:
    """The closed book: D, A and first, of the base and of each profile's layers."""
    models = ["base", *options.profiles]
    heads = [f"{what} {model}" for what in ("D", "A", "first") for model in models]
    lines = [f"| topic | questions | {' | '.join(heads)} |", "|---" * (2 + len(heads)) + "|"]
    joined = {model: Scores() for model in models}
    for topic in options.topics:
        for model in models:
            joined[model].add(scores[topic, model])
        lines.append(_score_line(topic, [scores[topic, model] for model in models]))
    return "\n".join([*lines, _score_line("all", list(joined.values()))])


def _score_line(topic: str, each: Sequence[Scores]) -> str:
    cells = [
        *(f"{statistics.fmean(one.margins):.2f}" for one in each),
        *(f"{statistics.fmean(one.own):.2f}" for one in each),
        *(f"{statistics.fmean(one.first):.2f}" for one in each),
    ]
    return f"| {topic} | {len(each[0].own)} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
