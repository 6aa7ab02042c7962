"""A model in Hugging Face form to one GGUF file: F16 by the converter, then quantized."""

import json
import os
import shutil
from pathlib import Path

from lamina.artifacts import ArtifactRef
from lamina.conversion.converter import Converter
from lamina.conversion.jobs import Check, Quantize, Script
from lamina.errors import DamagedError, InvalidInputError, ResourceError
from lamina.fingerprint import canonical
from lamina.gguf import read_header
from lamina.passport import PREFIX, BaseIdentity, identify_gguf, weight_files
from lamina.progress import Progress
from lamina.store import Stage, Store

STAGE = Stage("convert", 1)
FILE, F16_FILE = "model.gguf", "model.F16.gguf"
UNQUANTIZED = ("F32", "F16", "BF16")
QUANTIZED = (
    "Q8_0",
    "Q6_K",
    "Q5_K_M",
    "Q5_K_S",
    "Q5_1",
    "Q5_0",
    "Q4_K_M",
    "Q4_K_S",
    "Q4_1",
    "Q4_0",
    "IQ4_NL",
    "IQ4_XS",
    "Q3_K_L",
    "Q3_K_M",
    "Q3_K_S",
    "IQ3_M",
    "IQ3_S",
    "Q2_K",
)  # fmt: skip - smaller ones need an importance matrix


def convert_to_gguf(  # noqa: PLR0913 - keyword-only past the model and its identity
    model_folder: Path,
    identity: BaseIdentity,
    *,
    store: Store,
    progress: Progress,
    llama_cpp_dir: Path,
    ftype: str = "Q4_K_M",
    keep_f16: bool = False,
    threads: int | None = None,
) -> ArtifactRef:
    """The model as `model.gguf` (kind `gguf`); `identity` is `identify_hf(model_folder)`.

    Base or merged model: the file's `lamina.*` metadata say what it holds, and so do the facts
    (a BaseIdentity's fields, and `ftype`). `keep_f16` leaves `model.F16.gguf` beside it.

    Raises:
        InvalidInputError: unknown ftype, or an architecture that the converter does not know.
        ResourceError: too little disk space, or the converters are not there.
        DamagedError: the model cannot be converted, or the result cannot be loaded.

    """
    if ftype not in (*UNQUANTIZED, *QUANTIZED):
        msg = f"ftype {ftype!r} is unknown; choose one of {', '.join((*UNQUANTIZED, *QUANTIZED))}"
        raise InvalidInputError(msg)
    papers = base_papers(model_folder, identity)

    def make(folder: Path) -> dict[str, object]:
        _check_disk(model_folder, store, ftype)
        log = store.root / "logs" / "convert_to_gguf.log"
        with Converter(llama_cpp_dir, log) as converter:
            _write(converter, model_folder, papers, folder, ftype, threads, progress)
            converter.run(Check(path=str(folder / FILE)))
            progress.advance(3, "loaded")
        if not keep_f16:
            (folder / F16_FILE).unlink(missing_ok=True)
        return _facts(folder / FILE, papers, ftype)

    inputs = {"model": identity.digest, "ftype": ftype, "keep_f16": keep_f16}
    return store.once("gguf", STAGE, inputs, make)


def base_papers(model_folder: Path, identity: BaseIdentity) -> BaseIdentity:
    """Which base is in the model: itself, or the one that a merged model's config names."""
    config = json.loads((model_folder / "config.json").read_bytes())
    merged = config.get("lamina")
    if merged is None:
        return identity
    named = {"name": merged["base_name"], "digest": merged["base_digest"]}
    return identity.model_copy(update=named)


def _write(  # noqa: PLR0913, PLR0917 - one call, from convert_to_gguf
    converter: Converter,
    model_folder: Path,
    papers: BaseIdentity,
    folder: Path,
    ftype: str,
    threads: int | None,
    progress: Progress,
) -> None:
    progress.start(f"convert {papers.name}", 3)
    first = FILE if ftype in UNQUANTIZED else F16_FILE
    outtype = ftype.lower() if ftype in UNQUANTIZED else "f16"
    converter.run(
        Script(
            script="convert_hf_to_gguf.py",
            arguments=(
                str(model_folder),
                "--outfile",
                str(folder / first),
                "--outtype",
                outtype,
            ),
            name="+".join((papers.name, *papers.layers)),
            metadata=_metadata(papers),
        )
    )
    progress.advance(1, outtype.upper())
    if first != FILE:
        job = Quantize(
            source=str(folder / first),
            target=str(folder / FILE),
            ftype=ftype,
            threads=threads or len(os.sched_getaffinity(0)),
        )
        converter.run(job)
    progress.advance(2, ftype)


def _metadata(papers: BaseIdentity) -> dict[str, str | int | float]:
    return {
        f"{PREFIX}base_name": papers.name,
        f"{PREFIX}base_digest": papers.digest or "",
        f"{PREFIX}base_fingerprint": papers.fingerprint,
        f"{PREFIX}layers": canonical(list(papers.layers)),
    }


def _facts(path: Path, papers: BaseIdentity, ftype: str) -> dict[str, object]:
    """Read back what was written."""
    found = identify_gguf(read_header(path))
    wanted = papers.model_copy(update={"architecture": found.architecture})
    if found != wanted:
        msg = f"the GGUF of {papers.name} does not say what it was made of; convert it again"
        raise DamagedError(msg)
    return {**found.model_dump(mode="json"), "ftype": ftype}


def _check_disk(model_folder: Path, store: Store, ftype: str) -> None:
    """F16 and result together: twice the weights' size is enough, whatever their dtype."""
    weights = sum(path.stat().st_size for path in weight_files(model_folder))
    needed = weights * (2 if ftype == "F32" else 1.5)
    store.root.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(store.root).free
    if free < needed:
        msg = (
            f"converting {model_folder.name} needs about {needed / 1e9:.1f} GB under {store.root}, "
            f"but {free / 1e9:.1f} GB are free; free some space and run again"
        )
        raise ResourceError(msg)
