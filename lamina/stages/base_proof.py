"""Both engines side by side on a base that was just taken over."""

import tempfile
from pathlib import Path
from typing import Any, Self

from lamina.bases import acceptance
from lamina.bases.vocabulary import vocabulary_of
from lamina.conversion.converter import Converter
from lamina.conversion.jobs import Open, Score, Scored, Tokenize
from lamina.errors import MismatchError
from lamina.gguf import Header
from lamina.prompts import Words
from lamina.stages.pod import Pod


class Engine:
    """llama.cpp on one file, in the converter's child; use it as a context manager."""

    def __init__(self, pod: Pod, file: Path, log: str) -> None:
        self._converter = Converter(pod.settings.llama_cpp_dir, pod.store.root / "logs" / log)
        self._open = Open(path=str(file), n_ctx=512, threads=pod.settings.n_threads)
        self.words = Words(
            bos="", eos="", eos_id=0, adds_bos=False, ends=frozenset()
        )  # until the model is open

    def __enter__(self) -> Self:
        self._converter.__enter__()
        try:
            self.words = Words.model_validate(self._converter.run(self._open))
        except BaseException as error:
            self._converter.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(self, *error: Any) -> None:  # noqa: ANN401, PYI036 - passed on
        self._converter.__exit__(*error)

    def tokenize(self, text: str, special: bool) -> list[int]:
        """Ids without BOS; `special` says whether special tokens are understood."""
        job = Tokenize(text=text, add_bos=False, parse_special=special)
        ids: list[int] = self._converter.run(job)
        return ids

    def compare(self, passages: list[tuple[int, ...]], predictions: Path) -> Scored:
        """How the file foresees the passages, beside what transformers foresaw; sums."""
        total, row = Scored(tokens=0, nll=0.0), 0
        for ids in passages:
            job = Score(ids=ids, first=1, reference=str(predictions), row=row)
            one = Scored.model_validate(self._converter.run(job))
            total = Scored(
                tokens=total.tokens + one.tokens,
                nll=total.nll + one.nll,
                kl=total.kl + one.kl,
                agreed=total.agreed + one.agreed,
            )
            row += len(ids) - 1
        return total


def prove(pod: Pod, header: Header, folder: Path) -> acceptance.Agreement:
    """Whether the folder is the model that llama.cpp serves from the file.

    Raises:
        MismatchError: token ids or predictions differ.

    """
    from lamina.bases.forward import write_predictions

    name = header.path.name
    vocabulary = vocabulary_of(header)
    rebuilt = acceptance.Rebuilt(folder)
    pod.progress.say(f"comparing what both engines make of {name}")
    with Engine(pod, header.path, "base.log") as engine:
        if engine.words.adds_bos != vocabulary.adds_bos:
            msg = f"{name} is refused: llama.cpp begins texts otherwise than the file says"
            raise MismatchError(msg)
        equal = acceptance.compare_tokens(name, rebuilt, engine.tokenize, vocabulary.special())
        passages = rebuilt.passages(vocabulary.bos if vocabulary.adds_bos else None)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            predictions = Path(scratch) / "predictions.npy"
            write_predictions(folder, passages, predictions, pod.settings.n_threads)
            said = engine.compare(passages, predictions)
    kl, agreed = said.kl / said.tokens, said.agreed / said.tokens
    return acceptance.judge(name, equal, said.tokens, kl, agreed)


def flaw(pod: Pod, name: str, folder: Path, gguf: Path) -> str | None:
    """Where llama.cpp cuts texts otherwise than the folder's tokenizer; None where nowhere."""
    try:
        with Engine(pod, gguf, "base.log") as engine:
            acceptance.compare_tokens(name, acceptance.Rebuilt(folder), engine.tokenize, [])
    except MismatchError as odd:
        return str(odd).partition(": ")[2].partition(";")[0]
    return None
