"""Cold answers: what a context says that has seen nothing else."""

import queue
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from soak_clients import Tally

from lamina.fingerprint import file_digest
from lamina.serving.llama import Base

N_CTX = 384
MARGIN = 5e-3  # float16 weights: rounding of steps of another size stays below


class Cold:
    """Answers of contexts that have seen nothing else."""

    def __init__(self, base: Base, versions: Path) -> None:
        self._base = base
        self._layers = {file_digest(path): base.load_adapter(path) for path in versions.iterdir()}
        self._known: dict[tuple[object, ...], str | None] = {}

    def answer(self, body: dict[str, Any], layers: list[dict[str, Any]]) -> str | None:
        """The same answer, made alone; None where it hangs on rounding."""
        parts = tuple((self._layers[one["digest"]], one["scale"]) for one in layers)
        key = (parts, body["prompt"], body["max_tokens"])
        if key not in self._known:
            self._known[key] = self._made(parts, body["prompt"], body["max_tokens"])
        return self._known[key]

    def _made(self, parts: Any, prompt: str, n_tokens: int) -> str | None:  # noqa: ANN401
        words = self._base.vocabulary
        ids = words.tokenize(prompt, add_bos=True, parse_special=True)
        answer: list[int] = []
        with self._base.fresh(n_ctx=N_CTX) as fresh:
            fresh.apply(parts)
            logits = fresh.evaluate(ids, position=0)
            for _ in range(n_tokens):
                second, best = np.sort(logits)[-2:]
                if best - second < MARGIN:
                    return None
                answer.append(int(np.argmax(logits)))
                if len(answer) < n_tokens:
                    logits = fresh.evaluate(answer[-1:], position=len(ids) + len(answer) - 1)
        return b"".join(map(words.piece, answer)).decode("utf-8", "replace")


def compare(cold: Cold, tally: Tally) -> None:
    """Hold every answer against a cold one, until all were."""
    while not (tally.over.is_set() and tally.waiting.empty()):
        with suppress(queue.Empty):
            body, said, layers = tally.waiting.get(timeout=0.2)
            expected = cold.answer(body, layers)
            if expected is None:
                tally.counts["hung on rounding"] += 1
                continue
            tally.counts["compared"] += 1
            tally.counts["would show another layer"] += expected != cold.answer(body, [])
            if expected != said:
                tally.wrong.append(f"{layers} {body}: {said!r}, cold {expected!r}")
