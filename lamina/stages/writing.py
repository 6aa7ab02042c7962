"""The writer of this pod: a model behind an address, or a GGUF file served for the time."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

from lamina.errors import InvalidInputError, NotFoundError
from lamina.gguf import read_header
from lamina.prompts.messages import Message
from lamina.stages.pod import Pod
from lamina.store import Stage
from lamina.study.strategy import PutOffError, Strategy
from lamina.study.writer.asking import VERSION
from lamina.study.writer.client import Budget, Writer
from lamina.study.writer.self_test import Tested, self_test
from lamina.study.writer.strategy import writer_strategy

TEST = Stage("writer_test", version=1)


class PodsWriter:
    """The writer that the settings name; nothing is started before it is first asked."""

    def __init__(self, pod: Pod) -> None:
        self._pod = pod
        self._open = ExitStack()
        self._writer: Writer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def identity(self) -> str:
        """The model: by its name behind an address, by its file's content here; empty = none."""
        named, url = self._pod.settings.writer_model, self._pod.settings.writer_url
        if url or not named:
            return named or (url or "")
        digest = self._pod.workspace.digests(self._file(named))
        self._pod.workspace.digests.save()
        return f"{Path(named).name} {digest[:16]}"

    def write(self, messages: list[Message], most_tokens: int) -> str:
        """What it answers; raises PutOffError where it cannot now."""
        if self._writer is None:
            self._writer = self._open.enter_context(self._started())
        return self._writer.write(messages, most_tokens)

    @contextmanager
    def _started(self) -> Iterator[Writer]:
        from lamina.serving.launch import running_server

        chosen = self._pod.settings
        budget = Budget(
            tokens=chosen.writer_tokens,
            money=chosen.writer_money,
            price_per_million=chosen.writer_price,
        )
        key = chosen.writer_key.get_secret_value() if chosen.writer_key else None
        if chosen.writer_url:
            named = chosen.writer_model or "default"
            with Writer(chosen.writer_url, named, key, budget) as writer:
                yield writer
            return
        model = self._file(chosen.writer_model or "")
        if not read_header(model).text("tokenizer.chat_template"):
            msg = (
                f"LAMINA_WRITER_MODEL names {model}, which has no chat template: it goes on with "
                "texts and answers no questions; name a model that was trained to answer"
            )
            raise InvalidInputError(msg)
        self._pod.progress.say(f"starting a server on {model.name} for what it is to write")
        with (
            running_server(model, n_ctx=chosen.n_ctx, n_threads=chosen.n_threads) as url,
            Writer(url, "base", None, budget, timeout_s=600.0) as writer,
        ):
            yield writer

    @staticmethod
    def _file(named: str) -> Path:
        path = Path(named).expanduser().absolute()
        if not path.is_file():
            msg = (
                f"LAMINA_WRITER_MODEL names {named}, and there is no such file; "
                "name a GGUF file, or the address of a writer with LAMINA_WRITER_URL"
            )
            raise NotFoundError(msg)
        return path


def written(pod: Pod, writer: PodsWriter, *, known_only: bool = False) -> Strategy | None:
    """The writer's strategy, where the pod names a writer that passes its test."""
    identity = writer.identity
    if not identity:
        return None
    tested = _known_test(pod, identity)
    if tested is None:
        if known_only:
            return None
        try:
            tested = _test(pod, writer, identity)
        except PutOffError as why:
            pod.progress.say(f"{why}; its questions are left out this time")
            return None
    if not tested.passed:
        pod.progress.say(tested.sentence)
        return None
    return writer_strategy(writer, identity)


def told(pod: Pod) -> str:
    """What a plan must say of the writer; empty where there is nothing to say."""
    with PodsWriter(pod) as writer:
        identity = writer.identity
    if not identity:
        return ""
    tested = _known_test(pod, identity)
    if tested is None:
        return "the writer is tested first"
    return "" if tested.passed else tested.sentence


def _inputs(identity: str) -> dict[str, object]:
    return {"writer": identity, "asked": VERSION}


def _known_test(pod: Pod, identity: str) -> Tested | None:
    known = pod.store.recall_manifest(TEST, _inputs(identity))
    return Tested(known.facts["kept"], known.facts["written"]) if known else None


def _test(pod: Pod, writer: PodsWriter, identity: str) -> Tested:
    def make(_: Path) -> dict[str, object]:
        return self_test(writer)._asdict()

    ref = pod.store.once("writer-test", TEST, _inputs(identity), make)
    facts = pod.store.manifest(ref).facts
    return Tested(facts["kept"], facts["written"])
