"""Whether a layer says on the server what it said in training: checked before it is published."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lamina.artifacts import ArtifactRef
from lamina.conversion.ladder import Ladder, Limits, Sample, read_ladder
from lamina.errors import MismatchError, NotFoundError
from lamina.fingerprint import text_digest
from lamina.orders import CheckParity
from lamina.passport import weights_size
from lamina.prompts import Prompts, user
from lamina.prompts.folder import folder_prompts
from lamina.stages.climbing import tools
from lamina.stages.corpus import find_base
from lamina.stages.layers import export_layers, passport, rows_of
from lamina.stages.models import convert_base, served_base
from lamina.stages.pod import Pod
from lamina.store import point
from lamina.text.rows import Row, read_rows
from lamina.workspace import checked_layer_name

if TYPE_CHECKING:
    from lamina.conversion.parity import ParityOrder
    from lamina.conversion.served import Served

SMALL_BASE_BYTES = 2_000_000_000  # up to here the merged rung costs seconds
_SAMPLE_TOKENS = 512  # longest text that is evaluated
_PROMPTS = 8


def check_parity(
    pod: Pod,
    adapter: ArtifactRef,
    order: CheckParity = CheckParity(),  # noqa: B008 - frozen
) -> ArtifactRef:
    """The layer's parity ladder (kind `parity`): an artifact also where a limit fails.

    Needs torch, and the dataset that the layer was trained on. `verdict` tells what it says.

    Raises:
        MismatchError: the layer was trained on another base.
        NotFoundError: the dataset is not in this pod's store.
        InvalidInputError: the dataset has no rows.

    """
    _make_room(pod)
    return climb(pod, parity_order(pod, adapter, order))


def _make_room(pod: Pod) -> None:
    """Give back the memory of a large base that was trained on, where no GPU holds it."""
    from lamina.training.base import release
    from lamina.training.recipe import ALONE
    from lamina.training.workers import gpus

    if not gpus() and not _is_small(pod.workspace.base):
        with ALONE:
            release()


def parity_order(pod: Pod, adapter: ArtifactRef, order: CheckParity) -> "ParityOrder":
    """The layer in all its forms, exported and converted where they are missing."""
    from lamina.conversion.parity import ParityOrder

    base = find_base(pod)
    dataset = rows_of(passport(pod, adapter))
    split, samples = _samples(pod, dataset, order.tokens)
    (exported,) = export_layers(pod, [adapter])
    return ParityOrder(
        adapter=adapter,
        exported=exported,
        base_folder=pod.workspace.base,
        base=base,
        f16=convert_base(pod, base, ftype="F16"),  # kept: the next layer needs it, too
        quantized=served_base(pod, base),
        dataset=dataset,
        split=split,
        samples=samples,
        template=_prompts_of(pod).source,
        merged=order.merged == "yes" or (order.merged == "auto" and _is_small(pod.workspace.base)),
        limits=Limits(
            f16_kl=order.f16_kl,
            f16_agreement=order.f16_agreement,
            quantized_loss=order.quantized_loss or _loss_limit(pod.workspace.base),
        ),
    )


def climb(pod: Pod, order: "ParityOrder") -> ArtifactRef:
    """The ladder of a layer in these forms."""
    from lamina.conversion.parity import check_parity as check

    with tools(pod) as bench:
        return check(order, bench)


def check_served(pod: Pod, layer: str) -> "Served":
    """A published layer on this pod's own files (`MODEL_PATH`), against its ladder; no torch.

    Raises:
        NotFoundError: base, layer or ladder is not on this pod.

    """
    files = {
        "base": pod.workspace.base_gguf(pod.settings),
        "layer": pod.workspace.adapters_gguf / f"{checked_layer_name(layer)}.gguf",
        "parity ladder": parity_view(pod, layer),
    }
    for what, path in files.items():
        if not path.exists():
            msg = (
                f"the {what} of {layer} is not at {path}; run `lamina parity {layer}` where it was "
                "trained, then push and pull it"
            )
            raise NotFoundError(msg)
    return _served(pod, *(path.resolve() for path in files.values()))


def check_arrived(pod: Pod, gguf: ArtifactRef, ladder: ArtifactRef) -> "Served":
    """A version that came in, on this pod's own base, against the ladder that came with it."""
    adapter = pod.store.open(gguf) / "adapter.gguf"
    base = pod.workspace.base_gguf(pod.settings).resolve()
    return _served(pod, base, adapter, pod.store.open(ladder))


def _served(pod: Pod, base: Path, adapter: Path, ladder: Path) -> "Served":
    from lamina.conversion.served import check_served as check

    with tools(pod) as bench:
        return check(base, adapter, ladder, bench)


def verdict(pod: Pod, parity: ArtifactRef) -> Ladder:
    """What a parity artifact says."""
    return read_ladder(pod.store.open(parity))


def require_parity(ladder: Ladder) -> None:
    """Raise MismatchError, with rung and figures, unless the ladder was climbed."""
    if not ladder.passed:
        msg = f"{ladder.sentence}; it is not published: export it again, or train it again"
        raise MismatchError(msg)


def publish_parity(pod: Pod, parity: ArtifactRef) -> Path:
    """Point `output/parity/<layer>` at the layer's ladder; the folder."""
    folder = pod.store.open(parity)
    view = parity_view(pod, read_ladder(folder).layer)
    point(view, folder)
    return view


def parity_view(pod: Pod, layer: str) -> Path:
    """Where the layer's ladder is found."""
    return pod.workspace.root / "output" / "parity" / layer


def _samples(
    pod: Pod, dataset: ArtifactRef, tokens: int
) -> tuple[Literal["heldout", "train"], tuple[Sample, ...]]:
    """Validation rows up to that many predicted tokens, and prompts; training rows if none is held.

    The rows are drawn by the digest of their text: spread over the documents, and always the same.
    """
    folder = pod.store.open(dataset)
    prompts = _prompts_of(pod)
    split: Literal["heldout", "train"] = "heldout"
    held = folder / "validation.jsonl"
    rows = list(read_rows(held)) if held.is_file() else []  # older datasets have no such part
    if not rows:
        split, rows = "train", list(read_rows(folder / "train.jsonl"))
    rows.sort(key=lambda row: text_digest(f"{row.question}\n{row.text}"))
    chosen: list[Sample] = []
    left = tokens
    for row in rows:
        if left <= 0:
            break
        sample = _sample(row, prompts, left)
        if sample:
            chosen.append(sample)
            left -= sample.n_labels
    return split, (*chosen, *_questions(rows, prompts))


def _sample(row: Row, prompts: Prompts, left: int) -> Sample | None:
    from lamina.training.documents import encode_rows

    whole = encode_rows([row], prompts, 1 << 30)
    if not whole:
        return None
    (document,) = whole
    ids = document.ids[: min(_SAMPLE_TOKENS, document.first_label + left)]
    if len(ids) <= document.first_label:
        return None
    return Sample(
        kind=row.kind,
        text=row.given + row.text,
        question=row.question,
        whole=document.ids,
        ids=ids,
        first=document.first_label,
    )


def _questions(rows: Sequence[Row], prompts: Prompts) -> Iterator[Sample]:
    """Questions as the server is asked them; where the rows have none, the beginnings of texts."""
    if prompts.source is None:
        return
    questions = [row.question for row in rows if row.question]
    texts = [row.text.split(". ")[0][:300] for row in rows]
    for question in (questions or texts)[:_PROMPTS]:
        ids = tuple(prompts.chat([user(question)]))
        short = ids[:_SAMPLE_TOKENS]
        yield Sample(kind="prompt", text="", question=question, whole=ids, ids=short, first=1)


def _prompts_of(pod: Pod) -> Prompts:
    return folder_prompts(pod.workspace.base)


def _loss_limit(base: Path) -> float:
    """On the embedded base rounding alone moved well-trained layers' losses by up to 3.4 %."""
    return 0.1 if _is_small(base) else 0.03


def _is_small(base: Path) -> bool:
    return weights_size(base) <= SMALL_BASE_BYTES
