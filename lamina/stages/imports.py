"""Layers that were trained elsewhere become versions like those that were trained here."""

from collections.abc import Iterator
from pathlib import Path

from lamina.artifacts import ArtifactRef
from lamina.errors import InvalidInputError, NotFoundError
from lamina.gguf import read_header
from lamina.passport import profile
from lamina.peft_folders import FILE, import_folder
from lamina.serving.layers.adapter_file import check_adapter, read_base
from lamina.stages.corpus import pdf_pretest
from lamina.stages.pod import Pod
from lamina.stages.versions import promote
from lamina.text.pages import read_stored_pages
from lamina.text.rows import Row
from lamina.text.verdicts import read_verdicts


def import_layer(
    pod: Pod,
    folder: Path,
    name: str | None = None,
    *,
    same_base: bool = False,
    documents: Path | None = None,
) -> tuple[str, ArtifactRef]:
    """Let a PEFT folder's layer serve; its name, and the version. The folder stays as it is.

    By the `documents` that it was trained on, `auto` finds it; without them nobody knows any.

    Raises:
        NotFoundError: the folder is no layer, there is no base here to compare it with, or nothing
            can be read of the documents.
        MismatchError: it was trained on another base.
        InvalidInputError: GGUF cannot carry it exactly, or its passport has another name.
        DamagedError: a file cannot be read, or the layer has no effect.

    """
    model = pod.workspace.base_gguf(pod.settings)
    if not model.exists():
        msg = f"there is no base at {model} to compare {folder} with; run convert_to_gguf or pull"
        raise NotFoundError(msg)
    called = name or folder.absolute().name
    ref = import_folder(
        folder,
        called,
        read_header(model),
        store=pod.store,
        digest=pod.workspace.digests,
        same_base=same_base,
        profile=_profile(pod, called, documents) if documents else "",
    )
    layer = str(pod.store.manifest(ref).facts["passport"]["layer"])
    if name not in {None, layer}:
        msg = f"the passport in {folder} says that the layer is {layer}; leave --name out"
        raise InvalidInputError(msg)
    check_adapter(pod.store.open(ref) / FILE, read_base(model), layer)
    promote(pod, layer, ref, f"imported from {folder}")
    return layer, ref


def _profile(pod: Pod, layer: str, folder: Path) -> str:
    """What documents that are not the corpus's say."""
    from lamina.corpus.documents import documents_in

    verdicts = pdf_pretest(pod, documents_in(folder, layer, pod.workspace.digests))
    made = profile.of_rows(_rows(pod, verdicts, layer))
    if not made:
        msg = f"no text can be read of the documents in {folder}; name others, or leave them out"
        raise NotFoundError(msg)
    return made


def _rows(pod: Pod, verdicts: ArtifactRef, layer: str) -> Iterator[Row]:
    for one in read_verdicts(pod.store, verdicts).accepted(layer):
        assert one.pages_ref is not None  # noqa: S101 - it was read, or it were not accepted
        pages = read_stored_pages(pod.store, one.pages_ref)
        texts: list[tuple[str | None, str]] = [(None, page.text) for page in pages.pages]
        texts += [(asked.question, asked.answer) for asked in pages.questions]
        for question, text in texts:
            yield Row(
                layer=layer,
                split="train",
                kind="qa" if question else "text",
                text=text,
                question=question,
                document=one.digest,
                pages=(1, 1),
                subject=f"{one.naming.company} {one.naming.period}",
            )
