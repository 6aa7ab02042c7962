"""The stage `build_dataset`: one layer's accepted documents to rows, and layers to a whole.

A layer's dataset is keyed on what was read of its own accepted documents, the tokenizer, the
settings and the parts that its documents are in. A PDF that lands in another layer changes nothing
here. Documents are taken one after the other: the test first, then validation, so that nothing held
out is learned from a copy, then the newest, so that a newer edition wins.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lamina.artifacts import ArtifactRef
from lamina.dataset.apart import ALL_LAYERS
from lamina.dataset.assigned import Assigned
from lamina.dataset.companies import with_companies
from lamina.dataset.duplicates import Place, Taken
from lamina.dataset.parting import parts_of
from lamina.dataset.parts import (
    Part,
    by_evidence,
    dropped_text,
    rows_of,
    token_counter,
    without_copies,
)
from lamina.dataset.settings import DatasetSettings
from lamina.dataset.split import sections
from lamina.dataset.subject import Subject, subject_of
from lamina.dataset.writing import DatasetWriter
from lamina.errors import InvalidInputError
from lamina.fingerprint import file_digest
from lamina.progress import Progress
from lamina.store import Stage, Store
from lamina.text.blocks import blocks
from lamina.text.pages import Pages, read_stored_pages
from lamina.text.rows import SPLITS, Split, read_rows
from lamina.text.subjects import DocumentSubject, read_subjects, write_subjects
from lamina.text.verdicts import Verdict, Verdicts, read_verdicts

BUILD = Stage("build_dataset", version=22)
COMBINE = Stage("combine_datasets", version=7)
_TAKEN_FILE = ".taken"  # gone before the folder becomes an artifact


def build_dataset(  # noqa: PLR0913 - keyword-only but for two
    verdicts: ArtifactRef,
    layer: str,
    *,
    store: Store,
    progress: Progress,
    tokenizer_file: Path,
    settings: DatasetSettings | None = None,
) -> ArtifactRef:
    """The layer's rows: artifact of kind `dataset`, with whom each document speaks of.

    Facts: `layer`, `documents`, `validation_documents` and `test_documents` (sorted digests, of
    whole ones), `train_rows`, `validation_rows`, `test_rows`, `tokens`.

    Raises:
        InvalidInputError: no document of the layer can be used; the message says why.

    """
    chosen = settings or DatasetSettings()
    known = read_verdicts(store, verdicts)
    own = _accepted(known, layer)
    accepted = with_companies(own, known, store=store, progress=progress)
    parts = parts_of(known, store=store, settings=chosen, progress=progress)
    held = parts.of({one.digest: None for one in accepted})
    _check_trainable(layer, accepted, held)

    def make(folder: Path) -> Mapping[str, Any]:
        count = token_counter(tokenizer_file)
        turns = _turns(accepted, held)
        subjects: dict[str, Subject] = {}
        progress.start(f"building {layer}", len(turns))
        with DatasetWriter(folder, layer) as writer, Taken(folder / _TAKEN_FILE) as taken:
            for part in _parts(turns, held, store, chosen, progress):
                subjects[part.document] = part.subject
                for one in by_evidence(part, taken):
                    kept, dropped = without_copies(one, taken)
                    writer.drop_all(dropped)
                    writer.add_all(rows_of(layer, kept, count, chosen))
        write_subjects(folder, dict(_of_pages(accepted, subjects)))
        return _facts(writer, layer, [entry.digest for entry in accepted])

    inputs = {
        "layer": layer,
        "documents": accepted,
        "held_out": held,
        "tokenizer": file_digest(tokenizer_file),
        "settings": chosen,
    }
    return store.once("dataset", BUILD, inputs, make)


def _accepted(known: Verdicts, layer: str) -> tuple[Verdict, ...]:
    """The layer's usable documents, the newest first."""
    accepted = known.accepted(layer)
    if all(verdict.format == "questions" for verdict in accepted):
        raise InvalidInputError(_nothing_to_use(known, layer))
    return tuple(sorted(accepted, key=lambda verdict: verdict.created, reverse=True))


def _check_trainable(layer: str, accepted: Sequence[Verdict], held: Assigned) -> None:
    whole = held.validation | held.test
    if all(one.digest in whole or one.format == "questions" for one in accepted):
        msg = (
            f"every document of layer {layer!r} is held out for the test or the validation of "
            "layers that had it before; add a document to it that no other layer has"
        )
        raise InvalidInputError(msg)


def _of_pages(
    accepted: Sequence[Verdict], subjects: Mapping[str, Subject]
) -> Iterator[tuple[str, DocumentSubject]]:
    """What is known of each document that has pages."""
    for one in accepted:
        if one.digest in subjects and one.pages_ref and one.format != "questions":
            told = asdict(subjects[one.digest])
            yield one.digest, DocumentSubject(**told, pages=one.pages_ref)


def combine_datasets(refs: Sequence[ArtifactRef], *, store: Store) -> ArtifactRef:
    """The layers' rows together, as the layer `all`; each row keeps its own layer.

    A row that several layers have is taken once, into the part that is trained on least.
    """
    ordered = sorted(refs, key=lambda ref: ref.digest)
    facts = [store.manifest(ref).facts for ref in ordered]

    def make(folder: Path) -> Mapping[str, Any]:
        with DatasetWriter(folder, ALL_LAYERS) as writer, Taken(folder / _TAKEN_FILE) as taken:
            for split in reversed(SPLITS):
                for row in (
                    r for ref in ordered for r in read_rows(store.open(ref) / f"{split}.jsonl")
                ):
                    place = Place(row.document, row.pages)
                    if kept := taken.take_text(place, row.question, row.text):
                        writer.drop(dropped_text(place, row.text, "repeat", kept))
                    else:
                        writer.add(row)
        parts = (read_subjects(store.open(ref)) for ref in ordered)
        write_subjects(folder, {name: one for part in parts for name, one in part.items()})
        return _facts(writer, ALL_LAYERS, [name for fact in facts for name in fact["documents"]])

    return store.once("dataset", COMBINE, {"datasets": ordered}, make)


def _turns(accepted: Sequence[Verdict], held: Assigned) -> list[tuple[Split, Verdict]]:
    """The test, then validation, then what is trained on.

    A document that gives a section has two turns and is read twice: only small layers have any.
    """
    validation = held.validation | held.sectioned
    train = [one for one in accepted if held.part(one.digest) == "train"]
    return [
        *(("test", one) for one in accepted if one.digest in held.test),
        *(("validation", one) for one in accepted if one.digest in validation),
        *(("train", one) for one in train),
    ]


def _parts(
    turns: Sequence[tuple[Split, Verdict]],
    held: Assigned,
    store: Store,
    settings: DatasetSettings,
    progress: Progress,
) -> Iterator[Part]:
    for number, (split, verdict) in enumerate(turns, start=1):
        yield from (part for part in _split(verdict, held, store, settings) if part.split == split)
        progress.advance(number)


def _split(
    verdict: Verdict, held: Assigned, store: Store, settings: DatasetSettings
) -> Iterator[Part]:
    """The document, whole in its part, or its sections for training and validation."""
    pages = _pages(verdict, store)
    found, subject = blocks(pages), subject_of(pages, verdict.naming)
    if verdict.digest in held.sectioned:
        for split, part in sections(verdict.digest, found, settings):
            yield Part(verdict.digest, split, part, subject)
    else:
        yield Part(verdict.digest, held.part(verdict.digest), found, subject)


def _pages(verdict: Verdict, store: Store) -> Pages:
    if verdict.pages_ref is None:
        return Pages(format=verdict.format)
    return read_stored_pages(store, verdict.pages_ref)


def _facts(writer: DatasetWriter, layer: str, documents: Sequence[str]) -> dict[str, Any]:
    card = writer.write_card()
    return {
        "layer": layer,
        "documents": sorted(set(documents)),
        "validation_documents": card["validation_documents"],
        "test_documents": card["test_documents"],
        **{f"{split}_rows": card[split]["rows"] for split in SPLITS},
        "tokens": sum(card[split]["tokens"] for split in SPLITS),
    }


def _nothing_to_use(known: Verdicts, layer: str) -> str:
    of_layer = known.of(layer)
    if not of_layer:
        names = ", ".join(known.layers()) or "none"
        return f"there is no layer {layer!r} in the corpus; layers with text to learn: {names}"
    if known.accepted(layer):
        return f"layer {layer!r} has files of questions only; add a PDF that answers them"
    told = "; ".join(f"{entry.digest[:12]}: {entry.sentence}" for entry in of_layer)
    return (
        f"no document of layer {layer!r} can be used ({told}); add a PDF with text, and run again"
    )
