"""What layers are worth: asked of a running server, graded, reported."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lamina.artifacts import ArtifactRef
from lamina.errors import DamagedError, NotFoundError
from lamina.orders import AskLayers
from lamina.stages import judging, trend
from lamina.stages.costs import training_costs
from lamina.stages.pod import Pod
from lamina.stages.taught import datasets_of, known_files
from lamina.workspace import EMBEDDED_BASE, Workspace

if TYPE_CHECKING:
    from lamina.assessment.asking.order import QaOrder
    from lamina.assessment.asking.served import Served


@contextmanager
def layer_server(pod: Pod, order: AskLayers, adapters: Path, model: Path | None) -> Iterator[str]:
    """Address of a layer server: the one named, the pod's own, or one started on these layers.

    `model` is the base to start it on; None where one is up.
    """
    from lamina.serving.launch import running_server

    if model is None:
        yield _address(pod, order)
        return
    pod.progress.say(f"starting a server on {model.name} for this run")
    with running_server(
        model,
        adapters=adapters,
        allowed_roots=(pod.store.root,),
        n_ctx=pod.settings.n_ctx,
        n_threads=pod.settings.n_threads,
    ) as address:
        yield address


def model_to_serve(pod: Pod, order: AskLayers) -> Path | None:
    """The base that a server must be started on for this order; None where one is up.

    Raises:
        InvalidInputError: a blend that is asked is none.
        NotFoundError: one must be started, and there is no base, or not a layer that is asked.

    """
    from lamina.assessment.exam.blend import parse_blend
    from lamina.serving.launch import answers

    asked = {layer for text in (*order.layers, *order.blends) for layer in parse_blend(text).layers}
    own = _address(pod, order)
    named = order.server_url or pod.settings.server_url
    if not (order.start_server or order.candidates) and (named or answers(own)):
        return None
    model = pod.workspace.base_gguf(pod.settings)
    if not model.exists():
        msg = f"no server answers at {own} and there is no base at {model}"
        msg = f"{msg}; {pod.workspace.without_base()}"
        raise NotFoundError(msg)
    known = {path.stem for path in _adapters(pod, order).glob("*.gguf")}
    if missing := sorted(asked - known):
        there = ", ".join(sorted(known)) or "none so far"
        msg = f"layer {missing[0]} is not in {_adapters(pod, order)}; choose among: {there}"
        raise NotFoundError(msg)
    return model


def _address(pod: Pod, order: AskLayers) -> str:
    named = order.server_url or pod.settings.server_url
    return named or f"http://{pod.settings.host}:{pod.settings.port}"


def _is_foreign(order: AskLayers) -> bool:
    """Whether the order itself names the server that is asked."""
    return bool(order.server_url) and not (order.start_server or order.candidates)


def known_report(pod: Pod, order: AskLayers) -> ArtifactRef | None:
    """What `qa_layers` would give, where everything was asked before: no server is started.

    None where something must be asked.
    """
    from lamina.assessment.assess import known_report as known

    with _folder(pod, order) as adapters:
        wanted = _order(pod, order, adapters)
        served = _served(pod, order, wanted, adapters)
        found = known(
            wanted,
            served,
            store=pod.store,
            digest=pod.workspace.digests,
            earlier=trend.earlier_versions(pod, adapters),
        )
    pod.workspace.digests.save()
    return found


def _served(pod: Pod, order: AskLayers, wanted: "QaOrder", adapters: Path) -> "Served":
    """What the server that is up has, or what one would have that was started on these layers."""
    from lamina.assessment.asking.client import Client
    from lamina.assessment.asking.served import hold_against_files, served_by, served_from

    digest = pod.workspace.digests
    if model := model_to_serve(pod, order):
        return served_from(model, adapters, digest)
    with Client(_address(pod, order), _key(pod, order)) as client:
        served = served_by(client)
    hold_against_files(served, wanted, digest)
    return served


def _key(pod: Pod, order: AskLayers) -> str | None:
    """The key that opens most: one way of asking sets the server's default.

    None for an address that whoever began the run typed: it may be anybody's.
    """
    if _is_foreign(order) and order.server_url != pod.settings.server_url:
        return None
    key = pod.settings.admin_key or pod.settings.api_key
    return key.get_secret_value() if key else None


def qa_layers(pod: Pod, order: AskLayers) -> ArtifactRef:
    """Every layer and blend, asked over HTTP, graded and judged."""
    from lamina.assessment.assess import qa_layers as ask

    if found := known_report(pod, order):
        return found
    with _folder(pod, order) as adapters:
        wanted = _order(pod, order, adapters)
        with layer_server(pod, order, adapters, model_to_serve(pod, order)) as url:
            if order.candidates:
                _prove_swaps(pod, url)
            return ask(
                wanted.model_copy(update={"server_url": url}),
                store=pod.store,
                progress=pod.progress,
                api_key=_key(pod, order),
                digest=pod.workspace.digests,
                earlier=trend.earlier_versions(pod, adapters),
            )


def _order(pod: Pod, order: AskLayers, adapters: Path) -> "QaOrder":
    """What is to be measured, but for the server's address."""
    from lamina.assessment.asking.order import QaOrder
    from lamina.assessment.exam.sampling import SHORT_ANSWERS, Sampling

    heldout = pod.workspace.processed / "heldout.jsonl"
    datasets = datasets_of(pod, adapters)
    trained = [pod.store.path(ref) / "train.jsonl" for ref in datasets.values()]
    trained = trained or [pod.workspace.processed / "train.jsonl"]
    trained.append(pod.workspace.processed / "study.jsonl")
    # The embedded base knows its handbooks' words and no others: neither instruction nor probe.
    embedded = pod.workspace.base == EMBEDDED_BASE
    line = None if embedded else pod.settings.exam_line or SHORT_ANSWERS
    saved = judging.saved_blends(pod, order.layers, adapters) if order.candidates else ()
    return QaOrder(
        prompts=pod.workspace.prompts,
        topics=_topics(pod.workspace),
        heldout=(heldout,) if heldout.is_file() else (),
        trained=tuple(path for path in trained if path.is_file()),
        costs=training_costs(pod),
        overrides=pod.workspace.overrides,
        against=Path(order.against) if order.against else None,
        datasets=datasets,
        files=known_files(pod),
        adapters=adapters,
        # A server elsewhere may run another file than the pod's.
        model=None if _is_foreign(order) else pod.workspace.base_gguf(pod.settings),
        layers=() if order.candidates else tuple(order.layers),
        blends=(*order.blends, *saved),
        auto=order.auto,
        judged=(*order.layers, *order.blends, *saved) if order.candidates else (),
        margins=pod.settings.margins,
        general=not embedded,
        sampling=Sampling(
            max_tokens=order.max_tokens,
            seed=pod.settings.seed,
            system=None if line == "none" else line,
        ),
    )


@contextmanager
def _folder(pod: Pod, order: AskLayers) -> Iterator[Path]:
    if not order.candidates:
        yield pod.workspace.adapters_gguf
        return
    with judging.beside_each_other(pod, order.layers) as folder:
        yield folder


def _topics(workspace: Workspace) -> tuple[str, ...]:
    """The layers that there are or that documents wait for; question files may bear these names."""
    parents = (workspace.raw_pdfs, workspace.archive)
    folders = {path.name for parent in parents for path in parent.glob("*/")}
    folders |= workspace.trained().keys()
    exported = (workspace.adapters_gguf, workspace.candidates)
    return tuple(sorted(folders | {path.stem for home in exported for path in home.glob("*.gguf")}))


def _adapters(pod: Pod, order: AskLayers) -> Path:
    return pod.workspace.candidates if order.candidates else pod.workspace.adapters_gguf


def _prove_swaps(pod: Pod, url: str) -> None:
    """Raise DamagedError if the server's answers depend on which layer answered before."""
    from lamina.doctor.swap import examine_swap

    found = examine_swap(pod.settings.model_copy(update={"server_url": url}))
    pod.progress.say(f"self-test of layer swaps: {found.sentence}")
    if found.level == "problem":
        msg = f"the self-test of layer swaps failed: {found.sentence}; {found.remedy}"
        raise DamagedError(msg)


def publish_report(pod: Pod, report: ArtifactRef) -> Path:
    """Put records, summary and page under `qa/`; the page's path."""
    from lamina.assessment.report.files import publish

    return publish(report, store=pod.store, folder=pod.workspace.qa)


def report_markdown(pod: Pod, report: ArtifactRef, page: Path) -> str:
    """The verdicts as Markdown, for Prefect's UI; the page itself stays in the store."""
    from lamina.assessment.report.files import read_changes, read_summary

    folder = pod.store.open(report)
    summary, changes = read_summary(folder), read_changes(folder)
    auto = ["", summary.auto.sentence] if summary.auto else []
    verdicts = [f"- {one.sentence}" for one in summary.worths]
    lines = [summary.headline.sentence, *auto, "", *verdicts]
    lines += ["", *changes.lines()] if changes else []
    return "\n".join([*lines, "", f"Report: `{page}`"])
