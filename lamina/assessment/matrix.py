"""Prompts x (base, layers, blends): asks everything once and keeps what came back."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from lamina.assessment.ask import Answer, Client, Sampling, Via
from lamina.assessment.blend import Blend
from lamina.assessment.grade import grade
from lamina.assessment.questions import Topic
from lamina.assessment.records import AnswerRecord, LossRecord
from lamina.fingerprint import canonical, text_digest
from lamina.progress import Progress
from lamina.text.questions import Question
from lamina.text.rows import Row

ROWS_A_REQUEST = 8


@dataclass(frozen=True, slots=True)
class Matrix:
    """What is asked, under what, and how."""

    topics: tuple[Topic, ...]
    blends: tuple[Blend, ...]  # the base among them
    sampling: Sampling = field(default_factory=Sampling)
    via: Via = "adapters"  # set the default blend and ask it, or name the blend in each request
    concurrency: int = 1  # requests in flight, all under one blend


def run_matrix(
    matrix: Matrix, client: Client, progress: Progress
) -> list[AnswerRecord | LossRecord]:
    """Ask every prompt and score every held-out row under every blend.

    With `via="adapters"` the server's default blend is put back at the end, also after an error.
    """
    prompts = [(topic.name, prompt) for topic in matrix.topics for prompt in topic.prompts]
    batches = [
        (topic.name, topic.heldout[start : start + ROWS_A_REQUEST])
        for topic in matrix.topics
        for start in range(0, len(topic.heldout), ROWS_A_REQUEST)
    ]
    records: list[AnswerRecord | LossRecord] = []
    done = 0
    progress.start("questions and held-out rows", len(matrix.blends) * len(prompts + batches))
    with _default_kept(client, matrix.via), ThreadPoolExecutor(matrix.concurrency) as pool:
        for blend in matrix.blends:
            if matrix.via == "adapters":
                client.set_default(blend)
            ask, score = _asker(matrix, client, blend), _scorer(matrix, client, blend)
            for answer in pool.map(ask, prompts):
                records.append(answer)
                progress.advance(done := done + 1, blend.name)
            for losses in pool.map(score, batches):
                records.extend(losses)
                progress.advance(done := done + 1, blend.name)
    return records


def _asker(
    matrix: Matrix, client: Client, blend: Blend
) -> Callable[[tuple[str, Question]], AnswerRecord]:
    def ask(task: tuple[str, Question]) -> AnswerRecord:
        topic, prompt = task
        answer = client.ask(prompt.question, blend, matrix.sampling, matrix.via)
        return _graded(topic, prompt, answer)

    return ask


def _scorer(
    matrix: Matrix, client: Client, blend: Blend
) -> Callable[[tuple[str, Sequence[Row]]], list[LossRecord]]:
    def score(task: tuple[str, Sequence[Row]]) -> list[LossRecord]:
        topic, rows = task
        scores = client.score(
            [(row.question, row.text, row.given) for row in rows], blend, matrix.via
        )
        return [
            LossRecord(
                blend=blend.name,
                topic=topic,
                row=text_digest(canonical([row.question, row.given + row.text])),
                loss=-log_probability / max(1, n_tokens),
                n_tokens=n_tokens,
            )
            for row, (log_probability, n_tokens) in zip(rows, scores, strict=True)
        ]

    return score


def _graded(topic: str, prompt: Question, answer: Answer) -> AnswerRecord:
    rate = answer.tokens_per_s
    marks = grade(answer.text, prompt.answer)
    return AnswerRecord(
        blend=answer.blend,
        topic=topic,
        question=prompt.question,
        reference=prompt.answer,
        answer=answer.text,
        exact=marks.exact,
        contains=marks.contains,
        f1=marks.f1,
        first_token_s=round(answer.first_token_s, 6),
        total_s=round(answer.total_s, 6),
        n_prompt_tokens=answer.n_prompt_tokens,
        n_tokens=answer.n_tokens,
        tokens_per_s=rate and round(rate, 3),
    )


@contextmanager
def _default_kept(client: Client, via: Via) -> Iterator[None]:
    if via == "model":
        yield
        return
    before = Blend(tuple((layer.name, layer.scale) for layer in client.layers() if layer.scale))
    try:
        yield
    finally:
        client.set_default(before)
