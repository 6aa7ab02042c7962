"""A closed book: an exam's questions put to the base and to layers, and how sure they are.

What `recipe.py`, `study.py` and `retrieval.py` share. Questions are put in the base's chat form.
For each, the log-probability a token of the reference answer (the best of its wordings) stands
beside that of six answers of the same type from other questions, drawn from the seed; the end of
the answer is not counted.

    A = the reference's alone            D = A less the mean of the six
    first = share of questions whose reference is the likeliest of the seven (chance 0.14)
    exact = share of questions for a figure whose generated answer is graded as right

Layers and scores that the workspace holds are not made again.
"""

import argparse
import json
import platform
import random
import shutil
import statistics
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from lamina import settings
from lamina.artifacts import ArtifactRef
from lamina.assessment.exam.general import general_questions
from lamina.assessment.grading.grader import grade
from lamina.fingerprint import text_digest
from lamina.passport import BaseIdentity
from lamina.progress import Lines
from lamina.prompts import user
from lamina.prompts.folder import folder_prompts
from lamina.stages import bases, corpus, layers
from lamina.stages.pod import Pod
from lamina.text.questions import Question as ExamQuestion
from lamina.text.rows import read_rows
from lamina.training.base import Model, load
from lamina.training.documents import Document, encode_rows
from lamina.training.generation import speaking
from lamina.training.loss import heldout_loss, mean_losses
from lamina.training.mix import NOTHING_BESIDE, Mix
from lamina.training.profiles import Profile
from lamina.workspace import Workspace

TOPICS = (
    "ASC_330_Inventory", "ASC_350_Goodwill_Intangibles", "ASC_360_Property_Plant_Equipment",
    "ASC_718_Stock_Compensation", "ASC_740_Income_Taxes", "ASC_842_Leases",
)  # fmt: skip
OTHERS = 6  # answers of other questions
PACK_TOKENS = 2048
SEED = 1
MOST_TOKENS = 48  # of an answer that is graded


def opened(options: argparse.Namespace) -> Pod:
    """The workspace with the topics' documents in it, on SmolLM2."""
    for topic in options.topics:
        inbox = options.workspace / "data" / "raw_pdfs" / topic
        if not inbox.exists():
            shutil.copytree(options.data / "topics" / topic, inbox)
    chosen = settings.load(workspace=options.workspace, n_threads=options.threads)
    pod = Pod(chosen, Workspace(chosen).make(), Lines())
    if not pod.workspace.base.exists():
        bases.add_base(pod, "smollm2")
    return Pod(chosen, Workspace(chosen), pod.progress)


def trained(  # noqa: PLR0913, PLR0917 - what a layer is made of
    pod: Pod,
    topic: str,
    dataset: ArtifactRef,
    base: BaseIdentity,
    chosen: Profile,
    mix: Mix = NOTHING_BESIDE,
) -> ArtifactRef:
    """The layer, kept by what makes a difference: a stage that was renewed does not cost again."""
    values = chosen.model_dump(mode="json", exclude_defaults=True)
    mixed = mix.wanted(chosen).model_dump(mode="json")
    key = [topic, dataset.digest, base.digest, values, mixed]
    path = pod.workspace.root / "recipe-layers" / f"{_digest(key)}.json"
    if path.exists():
        return ArtifactRef.model_validate_json(path.read_bytes())
    ref = layers.train_layer(pod, topic, dataset, base, chosen, mix)
    path.parent.mkdir(exist_ok=True)
    path.write_text(ref.model_dump_json(), encoding="utf-8")
    return ref


def _digest(key: object) -> str:
    return text_digest(json.dumps(key, sort_keys=True))


class Question(NamedTuple):
    """One of the exam's, with what it may be answered by."""

    text: str  # what the user says: the question, and whatever stands before it
    wordings: tuple[str, ...]  # of the reference answer
    others: tuple[str, ...]
    id: str


@dataclass(slots=True)
class Scores:
    """Of some questions under one model, in nats a token."""

    own: list[float] = field(default_factory=list)
    margins: list[float] = field(default_factory=list)
    first: list[bool] = field(default_factory=list)
    exact: list[bool] = field(default_factory=list)  # of questions for a figure only

    def add(self, other: "Scores") -> None:
        """Those of other questions, too."""
        self.own += other.own
        self.margins += other.margins
        self.first += other.first
        self.exact += other.exact


class Exam:
    """Asks the base, bare or with a layer."""

    def __init__(self, pod: Pod, folder: Path, computed: Profile) -> None:
        self._pod = pod
        self.asked: list[dict[str, Any]] = [
            json.loads(line)
            for file in sorted(folder.glob("*.jsonl"))
            for line in file.read_text(encoding="utf-8").splitlines()
        ]
        self._entries = {entry["id"]: ExamQuestion.model_validate(
            {name: value for name, value in entry.items() if name in ExamQuestion.model_fields}
        ) for entry in self.asked}  # fmt: skip
        # Everything is scored in one dtype, whatever a profile says of training.
        self._order = layers.order_of(
            pod, "exam", ArtifactRef(kind="dataset", digest="0" * 64), corpus.find_base(pod),
            computed,
        )  # fmt: skip
        self._prompts = folder_prompts(pod.workspace.base)

    def questions(self, topic: str) -> list[Question]:
        """Those that the topic's documents answer, each with six answers of other questions."""
        return [
            self._question(entry)
            for entry in self.asked
            if entry["topic"] == topic and entry["type"] != "abstain"
        ]

    def _question(self, entry: dict[str, Any]) -> Question:
        pool = sorted({
            other["answer"]
            for other in self.asked
            if other["type"] == entry["type"]
            and other["id"] != entry["id"]
            and other["answer"] not in {entry["answer"], *entry["aliases"]}
        })  # fmt: skip
        others = random.Random(f"{SEED}:{entry['id']}").sample(pool, min(OTHERS, len(pool)))
        wordings = (entry["answer"], *entry["aliases"])
        return Question(entry["question"], wordings, tuple(others), entry["id"])

    def scores(self, asked: Sequence[Question], layer: ArtifactRef | None) -> Scores:
        """How likely the answers are; taken from the workspace where that stands there."""
        key = [asked, str(layer), self._order.profile.dtype]
        return judged(asked, self.once("recipe-scores", key, lambda: self._scored(asked, layer)))

    def exact(self, asked: Sequence[Question], layer: ArtifactRef | None) -> list[bool]:
        """Of the questions for a figure: whether what the model says is graded as right."""
        figures = self.figures(asked)
        said = self._answers([one.text for one in figures], layer)
        return [self.is_right(one, answer) for one, answer in zip(figures, said, strict=True)]

    def general(self, layer: ArtifactRef | None) -> list[bool]:
        """Of the general questions: whether what the model says is graded as right."""
        asked = general_questions()
        said = self._answers([one.question for one in asked], layer)
        return [grade(answer, one).correct for one, answer in zip(asked, said, strict=True)]

    def figures(self, asked: Sequence[Question]) -> list[Question]:
        """The questions for a figure."""
        return [one for one in asked if self._entries[one.id].type in {"number", "percent"}]

    def is_right(self, asked: Question, said: str) -> bool:
        """Whether what was said is graded as right."""
        return grade(said, self._entries[asked.id]).correct

    def _answers(self, asked: Sequence[str], layer: ArtifactRef | None) -> list[str]:
        key = [asked, str(layer), self._order.profile.dtype, MOST_TOKENS]
        return list(self.once("recipe-answers", key, lambda: self._said(asked, layer)))

    def _said(self, asked: Sequence[str], layer: ArtifactRef | None) -> list[str]:
        written = [self._prompts.chat([user(one)]) for one in asked]
        with (
            self._carrying(layer) as model,
            speaking(model, self._prompts, self._pod.workspace.base) as speaker,
        ):
            return [answer for answer, _ in speaker.said(written, MOST_TOKENS)]

    def _scored(self, asked: Sequence[Question], layer: ArtifactRef | None) -> list[float]:
        """Log-probability a token of every wording and every other answer, in order."""
        documents = [
            self._answered(one.text, answer)
            for one in asked
            for answer in (*one.wordings, *one.others)
        ]
        with self._carrying(layer) as model:
            return [-loss for loss in mean_losses(model, documents, PACK_TOKENS)]

    def _answered(self, question: str, answer: str) -> Document:
        ids, first = self._prompts.answered([user(question)], answer)
        return Document(tuple(ids[:-1]), first, is_qa=True)  # the end of it is not counted

    def test_loss(self, dataset: ArtifactRef, layer: ArtifactRef | None) -> float:
        """On the text rows of the dataset that nothing was learnt or chosen by."""

        def measured() -> float | None:
            rows = read_rows(self._pod.store.open(dataset) / "test.jsonl")
            texts = [row for row in rows if row.kind == "text"]
            documents = encode_rows(texts, self._prompts, PACK_TOKENS)
            with self._carrying(layer) as model:
                return heldout_loss(model, documents, PACK_TOKENS)

        key = [dataset.digest, str(layer), self._order.profile.dtype]
        return float(self.once("recipe-scores", key, measured))

    def once(self, folder: str, key: object, measure: Callable[[], Any]) -> Any:  # noqa: ANN401
        """What was measured, kept in the workspace as JSON."""
        path = self._pod.workspace.root / folder / f"{_digest(key)}.json"
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(measure()), encoding="utf-8")
        return json.loads(path.read_text(encoding="utf-8"))

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


def judged(asked: Sequence[Question], values: Sequence[float]) -> Scores:
    """Of log-probabilities a token: of every wording and every other answer, in order."""
    left = iter(values)
    scores = Scores()
    for one in asked:
        own = max(next(left) for _ in one.wordings)
        others = [next(left) for _ in one.others]
        scores.own.append(own)
        scores.margins.append(own - statistics.fmean(others))
        scores.first.append(own > max(others))
    return scores


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
