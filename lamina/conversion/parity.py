"""Climbs the parity ladder: the same texts through PyTorch, F16, what is served, and merged."""

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lamina.artifacts import ArtifactRef
from lamina.conversion.convert import write_gguf
from lamina.conversion.converter import Converter
from lamina.conversion.jobs import Open, Score, Scored, Tokenize
from lamina.conversion.ladder import (
    F16,
    MERGED,
    PYTORCH,
    Ladder,
    Limits,
    Rung,
    Sample,
    Tokens,
    problems,
    rung,
    served_rung,
    write_ladder,
)
from lamina.conversion.layer_files import Layer, check_base, open_layer
from lamina.conversion.merge import write_merged
from lamina.conversion.tools import Tools
from lamina.disk import check_disk
from lamina.errors import InvalidInputError
from lamina.gguf import read_header
from lamina.passport import BaseIdentity, identify_hf, weights_size
from lamina.progress import Progress
from lamina.prompts import Words
from lamina.store import Stage

STAGE = Stage("parity", 2)


@dataclass(frozen=True)
class ParityOrder:
    """One layer in all its forms."""

    adapter: ArtifactRef  # as PEFT
    exported: ArtifactRef  # as GGUF
    base_folder: Path
    base: BaseIdentity
    f16: ArtifactRef  # the base as GGUF
    quantized: ArtifactRef  # the base as the server loads it
    dataset: ArtifactRef
    split: Literal["heldout", "train"]
    samples: tuple[Sample, ...]
    template: str | None  # the base's own
    merged: bool
    limits: Limits

    def inputs(self) -> dict[str, object]:
        """What the result depends on."""
        return {
            "adapter": self.adapter,
            "exported": self.exported,
            "base": self.base.digest,
            "f16": self.f16,
            "quantized": self.quantized,
            "dataset": self.dataset,
            "samples": list(self.samples),
            "merged": self.merged,
            "limits": self.limits,
        }


def check_parity(order: ParityOrder, tools: Tools) -> ArtifactRef:
    """The ladder of a layer (kind `parity`), whether it passed or not; facts: `passed`.

    Raises:
        MismatchError: the layer was trained on another base.
        InvalidInputError: there is no text to measure on.

    """
    if not any(sample.is_heldout for sample in order.samples):
        msg = f"dataset {order.dataset} has no rows to measure parity on; add PDFs with text"
        raise InvalidInputError(msg)
    layer = open_layer(order.adapter, tools.store)
    check_base(layer, order.base)
    seconds: dict[str, float] = {}

    def make(folder: Path) -> dict[str, object]:
        scratch = folder / "scratch"
        scratch.mkdir()
        ladder = _climb(order, tools, layer, scratch)
        shutil.rmtree(scratch)
        seconds.update({one.name: round(one.seconds, 1) for one in ladder.rungs})
        write_ladder(ladder, order.samples, folder)
        return {"layer": ladder.layer, "passed": ladder.passed}

    run_notes = {"rung_seconds": seconds}
    return tools.store.once("parity", STAGE, order.inputs(), make, run_notes=run_notes)


def _climb(order: ParityOrder, tools: Tools, layer: Layer, scratch: Path) -> Ladder:
    store = tools.store
    adapter = store.open(order.exported) / "adapter.gguf"
    reference = scratch / "reference.npy"
    rungs = [_in_pytorch(order, tools, layer, reference)]
    f16 = store.open(order.f16) / "model.gguf"
    quantized = store.open(order.quantized) / "model.gguf"
    tools.converter.run(opened(f16, [adapter], order.samples, tools.threads))
    rungs.append(_measured(F16, order.samples, tools, reference))
    said = tools.converter.run(opened(quantized, [adapter], order.samples, tools.threads))
    carried = read_header(quantized).text("tokenizer.chat_template")
    words = Words.model_validate(said)
    seen = compare_tokens(order.samples, order.template, carried, words, tools)
    rungs.append(_measured(served_rung(quantized), order.samples, tools, reference))
    if order.merged:
        merged = _merge(order, tools, layer, scratch)
        tools.converter.run(opened(merged, [], order.samples, tools.threads))
        rungs.append(_measured(MERGED, order.samples, tools, reference))
    return Ladder(
        layer=layer.passport.layer,
        base_name=order.base.name,
        split=order.split,
        samples=len(order.samples),
        tokens_scored=sum(sample.n_labels for sample in order.samples),
        tokens=seen,
        rungs=tuple(rungs),
        limits=order.limits,
        problems=tuple(problems(seen, rungs, order.limits)),
    )


def _in_pytorch(order: ParityOrder, tools: Tools, layer: Layer, target: Path) -> Rung:
    from lamina.conversion.reference import write_reference

    started_s = time.monotonic()
    losses = write_reference(
        order.base_folder, layer.folder, order.samples, target,
        progress=tools.progress, threads=tools.threads, alone=tools.alone,
    )  # fmt: skip
    scores = [
        Scored(tokens=sample.n_labels, nll=loss)
        for sample, loss in zip(order.samples, losses, strict=True)
    ]
    first = rung(PYTORCH, order.samples, scores, time.monotonic() - started_s)
    return first.model_copy(update={"kl": None, "agreement": None})


def opened(path: Path, layers: Sequence[Path], samples: Sequence[Sample], threads: int) -> Open:
    """The job that opens a model with room for the samples."""
    longest = max(len(sample.ids) for sample in samples)
    return Open(
        path=str(path),
        layers=tuple((str(layer), 1.0) for layer in layers),
        n_ctx=max(64, longest),
        threads=threads,
    )


def _measured(name: str, samples: Sequence[Sample], tools: Tools, reference: Path | None) -> Rung:
    """The open model's figures."""
    started_s = time.monotonic()
    scores = scored(samples, tools.converter, tools.progress, name, reference)
    return rung(name, samples, scores, time.monotonic() - started_s)


def scored(
    samples: Sequence[Sample],
    converter: Converter,
    progress: Progress,
    name: str,
    reference: Path | None = None,
) -> list[Scored]:
    """How the open model predicts the samples."""
    progress.start(name, len(samples))
    scores: list[Scored] = []
    row = 0
    for sample in samples:
        job = Score(
            ids=sample.ids,
            first=sample.first,
            reference=str(reference) if reference else None,
            row=row,
        )
        scores.append(Scored.model_validate(converter.run(job)))
        row += sample.n_labels
        progress.advance(len(scores))
    return scores


def compare_tokens(
    samples: Sequence[Sample], template: str | None, carried: str | None, words: Words, tools: Tools
) -> Tokens:
    """Whether the open model's server would see the ids that training saw."""

    def tokenize(text: str, *, add_bos: bool, parse_special: bool) -> list[int]:
        job = Tokenize(text=text, add_bos=add_bos, parse_special=parse_special)
        ids: list[int] = tools.converter.run(job)
        return ids

    seen = tools.server_ids(carried, words, tokenize, samples)
    differing = [
        (sample, ids)
        for sample, ids in zip(samples, seen, strict=True)
        if list(sample.whole) != ids
    ]
    return Tokens(
        compared=len(samples),
        differing=len(differing),
        same_template=(template or "").strip() == (carried or "").strip(),
        example=_difference(*differing[0]) if differing else None,
    )


def _difference(sample: Sample, ids: Sequence[int]) -> str:
    pairs = zip(sample.whole, ids, strict=False)
    at = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(sample.whole), len(ids)))
    begin = max(at - 1, 0)
    return (
        f"a {sample.kind} from token {begin} on: training {list(sample.whole[begin : at + 3])}, "
        f"server {list(ids[begin : at + 3])}"
    )


def _merge(order: ParityOrder, tools: Tools, layer: Layer, scratch: Path) -> Path:
    """The merged model as Q4_K_M, which lasts as long as the scratch folder."""
    room = 2.4 * weights_size(order.base_folder)  # merged, as F16, and quantized
    check_disk("merging and converting", tools.store.root, room)
    folder = scratch / "merged"
    folder.mkdir()
    write_merged(order.base_folder, order.base, [(layer, 1.0)], folder, tools.progress)
    identity = identify_hf(folder, lambda path: path.name)  # for the file's papers only
    target = scratch / "merged.gguf"
    write_gguf(
        folder, identity, target,
        converter=tools.converter, ftype="Q4_K_M", threads=tools.threads,
    )  # fmt: skip
    shutil.rmtree(folder)
    return target
