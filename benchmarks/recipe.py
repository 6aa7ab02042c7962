"""What a topic's layer is worth by one profile and by another: held-out text, and a closed book.

    python benchmarks/recipe.py --data FOLDER --workspace FOLDER [--topics NAME ...]
        [--profiles level2 layer] [--set dtype=bfloat16] [--threads N] [--stop-after MINUTES]

`--data` holds topics/<layer>/*.pdf and exam/<layer>.jsonl. The base is SmolLM2-135M-Instruct, as
`lamina base add smollm2` brings it. Every profile gets the same rows: it learns `train`, its step
is chosen on `validation`, and the table has the loss on `test`, documents that neither saw, in nats
a token of text. Layers are trained by the product's own stage, and what the workspace holds
already, layers and scores, is not made again, so that the run can go on where it was stopped.

The exam's questions that its documents answer are put in the base's chat form, without any page.
For each, the log-probability a token of the reference answer (the best of its wordings) stands
beside that of six answers of the same type from other questions, drawn from the seed; the end of
the answer is not counted.

    A = the reference's alone            D = A less the mean of the six
    first = share of questions whose reference is the likeliest of the seven (chance 0.14)
"""

import argparse
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from lamina import settings
from lamina.artifacts import ArtifactRef
from lamina.cli.shared import assignments
from lamina.fingerprint import text_digest
from lamina.passport import BaseIdentity
from lamina.progress import Lines
from lamina.prompts import Prompts, user
from lamina.prompts.folder import folder_prompts
from lamina.stages import bases, corpus, layers
from lamina.stages.pod import Pod
from lamina.text.rows import read_rows
from lamina.training.attention import told
from lamina.training.base import Model, load
from lamina.training.documents import Document, encode_rows, labels
from lamina.training.loss import heldout_loss
from lamina.training.packing import in_turn
from lamina.training.profiles import Profile, profile
from lamina.workspace import Workspace

TOPICS = (
    "ASC_330_Inventory", "ASC_350_Goodwill_Intangibles", "ASC_360_Property_Plant_Equipment",
    "ASC_718_Stock_Compensation", "ASC_740_Income_Taxes", "ASC_842_Leases",
)  # fmt: skip
OTHERS = 6  # answers of other questions
PACK_TOKENS = 2048
SEED = 1


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
        (topic, name): exam.scores(topic, ref)
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
    parser.add_argument("--profiles", nargs="+", default=["level2", "layer"])
    parser.add_argument("--set", action="append", default=[], help="a value of every profile")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--chunk-tokens", type=int, default=512)
    parser.add_argument("--stop-after", type=float, default=0, help="minutes; begin no layer later")
    return parser.parse_args()


def opened(options: argparse.Namespace) -> Pod:
    """The workspace with the topics' documents in it, on SmolLM2."""
    for topic in options.topics:
        inbox = options.workspace / "data" / "raw_pdfs" / topic
        if not inbox.exists():
            shutil.copytree(options.data / "topics" / topic, inbox)
    chosen = settings.load(workspace=options.workspace, n_threads=options.threads)
    pod = Pod(chosen, Workspace(chosen).make(), Lines())
    bases.add_base(pod, "smollm2")
    return Pod(chosen, Workspace(chosen), pod.progress)


def trained(
    pod: Pod, topic: str, dataset: ArtifactRef, base: BaseIdentity, chosen: Profile
) -> ArtifactRef:
    """The layer, kept by what makes a difference: a stage that was renewed does not cost again."""
    values = chosen.model_dump(mode="json", exclude_defaults=True)
    key = text_digest(json.dumps([topic, dataset.digest, base.digest, values], sort_keys=True))
    path = pod.workspace.root / "recipe-layers" / f"{key}.json"
    if path.exists():
        return ArtifactRef.model_validate_json(path.read_bytes())
    ref = layers.train_layer(pod, topic, dataset, base, chosen)
    path.parent.mkdir(exist_ok=True)
    path.write_text(ref.model_dump_json(), encoding="utf-8")
    return ref


# -- the closed book ----------------------------------------------------------------------------


class Question(NamedTuple):
    """One of the exam's, with what it may be answered by."""

    text: str
    wordings: tuple[str, ...]  # of the reference answer
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one topic's questions under one model, in nats a token."""

    own: list[float]
    margins: list[float]
    first: list[bool]


class Exam:
    """Asks the base, bare or with a layer."""

    def __init__(self, pod: Pod, folder: Path, computed: Profile) -> None:
        self._pod = pod
        self._asked = [
            json.loads(line)
            for file in sorted(folder.glob("*.jsonl"))
            for line in file.read_text(encoding="utf-8").splitlines()
        ]
        # Everything is scored in one dtype, whatever a profile says of training.
        self._order = layers.order_of(
            pod, "exam", ArtifactRef(kind="dataset", digest="0" * 64), corpus.find_base(pod),
            computed, None,
        )  # fmt: skip
        self._kept = pod.workspace.root / "recipe-scores"

    def scores(self, topic: str, layer: ArtifactRef | None) -> Scores:
        """Of the topic's questions; taken from the workspace where they stand there."""
        asked = list(self.questions(topic))
        key = text_digest(json.dumps([asked, str(layer), self._order.profile.dtype]))
        path = self._kept / f"{key}.json"
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(self._scored(asked, layer)), encoding="utf-8")
        return _judged(asked, json.loads(path.read_text(encoding="utf-8")))

    def questions(self, topic: str) -> Iterator[Question]:
        """Those that the topic's documents answer, each with six answers of other questions."""
        for entry in self._asked:
            if entry["topic"] != topic or entry["type"] == "abstain":
                continue
            pool = sorted({
                other["answer"]
                for other in self._asked
                if other["type"] == entry["type"]
                and other["id"] != entry["id"]
                and other["answer"] not in {entry["answer"], *entry["aliases"]}
            })  # fmt: skip
            others = random.Random(f"{SEED}:{entry['id']}").sample(pool, min(OTHERS, len(pool)))
            wordings = (entry["answer"], *entry["aliases"])
            yield Question(entry["question"], wordings, tuple(others))

    def _scored(self, asked: Sequence[Question], layer: ArtifactRef | None) -> list[float]:
        """Log-probability a token of every wording and every other answer, in order."""
        prompts = folder_prompts(self._pod.workspace.base)
        documents = [
            _answered(prompts, one.text, answer)
            for one in asked
            for answer in (*one.wordings, *one.others)
        ]
        with self._carrying(layer) as model:
            return _means(model, documents)

    def test_loss(self, dataset: ArtifactRef, layer: ArtifactRef | None) -> float:
        """On the text rows of the dataset that nothing was learnt or chosen by."""
        key = text_digest(json.dumps([dataset.digest, str(layer), self._order.profile.dtype]))
        path = self._kept / f"{key}.json"
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            prompts = folder_prompts(self._pod.workspace.base)
            rows = read_rows(self._pod.store.open(dataset) / "test.jsonl")
            texts = [row for row in rows if row.kind == "text"]
            with self._carrying(layer) as model:
                loss = heldout_loss(model, encode_rows(texts, prompts, PACK_TOKENS), PACK_TOKENS)
            path.write_text(json.dumps(loss), encoding="utf-8")
        return float(json.loads(path.read_text(encoding="utf-8")))

    @contextmanager
    def _carrying(self, layer: ArtifactRef | None) -> Iterator[Model]:
        """The base, with the layer where there is one."""
        import torch
        from peft import PeftModel

        torch.set_num_threads(self._pod.settings.n_threads)
        model = load(self._order)
        if layer is None:
            yield model
            return
        carrying = PeftModel.from_pretrained(model, self._pod.store.open(layer))
        try:
            yield carrying.eval()
        finally:
            carrying.unload()
            model.requires_grad_(False).eval()  # noqa: FBT003 - torch's own signature


def _answered(prompts: Prompts, question: str, answer: str) -> Document:
    ids, first = prompts.answered([user(question)], answer)
    return Document(tuple(ids[:-1]), first, is_qa=True)  # the end of the answer is not counted


def _means(model: Model, documents: Sequence[Document]) -> list[float]:
    """Mean log-probability of each document's learnt tokens, many documents a pass."""
    import torch

    inner = getattr(model, "get_base_model", lambda: model)()
    found: list[float] = []
    with torch.no_grad():
        for pack in in_turn([len(one.ids) for one in documents], PACK_TOKENS):
            some = [documents[index] for index in pack]
            ids = [token for one in some for token in one.ids]
            places = [place for one in some for place in range(len(one.ids))]
            sources, targets = (torch.tensor(each) for each in labels(some))
            hidden = inner.model(
                input_ids=torch.tensor([ids]),
                position_ids=torch.tensor([places]),
                use_cache=False,
                **told([len(one.ids) for one in some], inner.device),
            ).last_hidden_state[0, sources]
            logits = inner.lm_head(hidden).float()  # (n_labels, vocabulary)
            chosen = logits.log_softmax(-1).gather(1, targets.unsqueeze(1)).squeeze(1)
            found += [part.mean().item() for part in chosen.split([one.n_labels for one in some])]
    return found


def _judged(asked: Sequence[Question], values: Sequence[float]) -> Scores:
    left = iter(values)
    scores = Scores([], [], [])
    for one in asked:
        own = max(next(left) for _ in one.wordings)
        others = [next(left) for _ in one.others]
        scores.own.append(own)
        scores.margins.append(own - statistics.fmean(others))
        scores.first.append(own > max(others))
    return scores


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
    joined = {model: Scores([], [], []) for model in models}
    for topic in options.topics:
        for model in models:
            joined[model].own.extend(scores[topic, model].own)
            joined[model].margins.extend(scores[topic, model].margins)
            joined[model].first.extend(scores[topic, model].first)
        lines.append(_score_line(topic, [scores[topic, model] for model in models]))
    return "\n".join([*lines, _score_line("all", list(joined.values()))])


def _score_line(topic: str, each: Sequence[Scores]) -> str:
    cells = [
        *(f"{statistics.fmean(one.margins):.2f}" for one in each),
        *(f"{statistics.fmean(one.own):.2f}" for one in each),
        *(f"{statistics.fmean(one.first):.2f}" for one in each),
    ]
    return f"| {topic} | {len(each[0].own)} | {' | '.join(cells)} |"


def machine(options: argparse.Namespace) -> str:
    """Processor, threads, commit and versions."""
    cpu = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith("model name")),
        platform.machine(),
    )  # fmt: skip
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607
        cwd=Path(__file__).parent, check=False, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    names = ", ".join(f"{name} {version(name)}" for name in ("torch", "transformers", "peft"))
    values = f"; {' '.join(options.set)}" if options.set else ""
    return f"{cpu}, {options.threads} threads; commit {commit}; {names}{values}"


if __name__ == "__main__":
    main()
