"""A model in Hugging Face form to one GGUF file: F16 by the converter, then quantized."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lamina.artifacts import ArtifactRef
from lamina.conversion.converter import Converter
from lamina.conversion.ftypes import UNQUANTIZED, checked_ftype
from lamina.conversion.jobs import Check, Quantize, Script
from lamina.disk import check_disk
from lamina.errors import DamagedError
from lamina.fingerprint import canonical
from lamina.gguf import read_header
from lamina.passport import PREFIX, BaseIdentity, identify_gguf, weights_size
from lamina.progress import Progress
from lamina.store import Stage, Store

STAGE = Stage("convert", 2)
FILE = "model.gguf"


def convert_to_gguf(  # noqa: PLR0913 - keyword-only past the model and its identity
    model_folder: Path,
    identity: BaseIdentity,
    *,
    store: Store,
    progress: Progress,
    llama_cpp_dir: Path,
    ftype: str = "Q4_K_M",
    keep_f16: bool = False,
    importance: ArtifactRef | None = None,
    threads: int | None = None,
) -> ArtifactRef:
    """The model as `model.gguf` (kind `gguf`); `identity` is `identify_hf(model_folder)`.

    Base or merged model: the file's `lamina.*` metadata say what it holds, and so do the facts
    (a BaseIdentity's fields, and `ftype`). `keep_f16` leaves the F16 file in the store as an
    artifact of its own; where it is there, whatever made it, it is not converted again.

    Raises:
        InvalidInputError: unknown ftype, or an architecture that the converter does not know.
        ResourceError: too little disk space, or the converters are not there.
        DamagedError: the model cannot be converted, or the result cannot be loaded.

    """
    ftype = checked_ftype(ftype, importance=importance is not None)
    papers = base_papers(model_folder, identity)
    log = store.root / "logs" / "convert_to_gguf.log"
    f16: Path | None = None
    if ftype not in UNQUANTIZED:
        f16_inputs = {"model": identity.digest, "ftype": "F16"}
        kept = store.recall(STAGE, f16_inputs)
        if keep_f16 and kept is None:
            kept = convert_to_gguf(
                model_folder, identity, store=store, progress=progress,
                llama_cpp_dir=llama_cpp_dir, ftype="F16",
            )  # fmt: skip
        f16 = store.path(kept) / FILE if kept else None

    def make(folder: Path) -> dict[str, object]:
        quantized = 0.6  # at most, of 16-bit weights
        times = 2 if ftype == "F32" else quantized + (f16 is None)
        room = times * weights_size(model_folder)
        check_disk(f"converting {model_folder.name}", store.root, room)
        matrix = store.open(importance) / "importance.npz" if importance else None
        with Converter(llama_cpp_dir, log) as converter:
            progress.start(f"convert {papers.name}", 3)
            target = folder / FILE
            with _first(converter, model_folder, papers, target, ftype, f16) as first:
                progress.advance(1, "F16" if first != target else ftype)
                if first != target:
                    _quantize(converter, first, target, ftype, threads, matrix)
            progress.advance(2, ftype)
            converter.run(Check(path=str(target)))
            progress.advance(3, "loaded")
        return _facts(target, papers, ftype)

    inputs: dict[str, object] = {"model": identity.digest, "ftype": ftype}
    if importance:
        inputs["importance"] = importance
    return store.once("gguf", STAGE, inputs, make)


def write_gguf(  # noqa: PLR0913 - one file from one model
    model_folder: Path,
    identity: BaseIdentity,
    target: Path,
    *,
    converter: Converter,
    ftype: str,
    threads: int | None = None,
) -> None:
    """The model as a GGUF file that nothing remembers: for measuring, and then deleting."""
    papers = base_papers(model_folder, identity)
    with _first(converter, model_folder, papers, target, ftype, None) as first:
        if first != target:
            _quantize(converter, first, target, ftype, threads, None)


def base_papers(model_folder: Path, identity: BaseIdentity) -> BaseIdentity:
    """Which base is in the model: itself, or the one that a merged model's config names."""
    config = json.loads((model_folder / "config.json").read_bytes())
    merged = config.get("lamina")
    if merged is None:
        return identity
    named = {"name": merged["base_name"], "digest": merged["base_digest"]}
    return identity.model_copy(update=named)


@contextmanager
def _first(  # noqa: PLR0913, PLR0917 - from the two functions above
    converter: Converter,
    model_folder: Path,
    papers: BaseIdentity,
    target: Path,
    ftype: str,
    f16: Path | None,
) -> Iterator[Path]:
    """What the script writes: the result itself, or an F16 file that goes away afterwards."""
    if f16 is not None:
        yield f16
        return
    plain = ftype in UNQUANTIZED
    first = target if plain else target.with_suffix(".F16.gguf")
    arguments = (
        str(model_folder), "--outfile", str(first), "--outtype", ftype.lower() if plain else "f16",
    )  # fmt: skip
    converter.run(
        Script(
            script="convert_hf_to_gguf.py",
            arguments=arguments,
            name="+".join((papers.name, *papers.layers)),
            metadata=dict(base_metadata(papers)),
        )
    )
    try:
        yield first
    finally:
        if first != target:
            first.unlink(missing_ok=True)


def _quantize(  # noqa: PLR0913, PLR0917 - the job's own fields
    converter: Converter,
    source: Path,
    target: Path,
    ftype: str,
    threads: int | None,
    matrix: Path | None,
) -> None:
    job = Quantize(
        source=str(source),
        target=str(target),
        ftype=ftype,
        threads=threads or len(os.sched_getaffinity(0)),
        importance=str(matrix) if matrix else None,
    )
    converter.run(job)


def base_metadata(papers: BaseIdentity) -> dict[str, str]:
    """What a GGUF model says of the base that is in it."""
    unpacked = {f"{PREFIX}base_quantized_from": papers.quantized_from}
    return {
        f"{PREFIX}base_name": papers.name,
        f"{PREFIX}base_digest": papers.digest or "",
        f"{PREFIX}base_fingerprint": papers.fingerprint,
        f"{PREFIX}layers": canonical(list(papers.layers)),
        **{key: value for key, value in unpacked.items() if value},
    }


def _facts(path: Path, papers: BaseIdentity, ftype: str) -> dict[str, object]:
    """Read back what was written."""
    found = identify_gguf(read_header(path))
    wanted = papers.model_copy(update={"architecture": found.architecture})
    if found != wanted:
        msg = f"the GGUF of {papers.name} does not say what it was made of; convert it again"
        raise DamagedError(msg)
    return {**found.model_dump(mode="json"), "ftype": ftype}
