"""The stage `build_dataset`: one layer's accepted documents to rows, and layers to a whole.

A layer's dataset is keyed on what was read of its own accepted documents, the tokenizer and the
settings. A PDF that lands in another layer changes nothing here.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lamina.artifacts import ArtifactRef
from lamina.dataset.blocks import blocks
from lamina.dataset.card import card, card_text
from lamina.dataset.parts import Part, dropped_row, rows_of, token_counter, without_duplicates
from lamina.dataset.settings import DatasetSettings
from lamina.dataset.split import Section, Split, is_held_out_whole, sections
from lamina.errors import InvalidInputError
from lamina.fingerprint import file_digest
from lamina.pages import Pages, read_stored_pages
from lamina.progress import Progress
from lamina.rows import Row, read_rows, write_rows
from lamina.store import Stage, Store
from lamina.verdicts import Verdict, Verdicts, read_verdicts

BUILD = Stage("build_dataset", version=12)
COMBINE = Stage("combine_datasets", version=2)
TRAIN_FILE = "train.jsonl"
HELDOUT_FILE = "heldout.jsonl"
DROPPED_FILE = "dropped.jsonl"
ALL_LAYERS = "all"


def build_dataset(  # noqa: PLR0913 - keyword-only but for two
    verdicts: ArtifactRef,
    layer: str,
    *,
    store: Store,
    progress: Progress,
    tokenizer_file: Path,
    settings: DatasetSettings | None = None,
    refresh: bool = False,
) -> ArtifactRef:
    """The layer's rows: artifact of kind `dataset`.

    Facts: `layer`, `documents` (sorted digests), `train_rows`, `heldout_rows`, `tokens`.

    Raises:
        InvalidInputError: no document of the layer can be used; the message says why.

    """
    chosen = settings or DatasetSettings()
    accepted = _accepted(read_verdicts(store, verdicts), layer)
    texts = sum(verdict.format != "questions" for verdict in accepted)

    def make(folder: Path) -> Mapping[str, Any]:
        count = token_counter(tokenizer_file)
        progress.start(f"building {layer}", len(accepted))
        parts: list[Part] = []
        for number, verdict in enumerate(accepted, start=1):
            parts += _parts(verdict, texts, store, chosen)
            progress.advance(number)
        kept, dropped = without_duplicates(parts)
        rows = [row for part in kept for row in rows_of(layer, part, count, chosen)]
        return _write(folder, layer, rows, [entry.digest for entry in accepted], dropped)

    inputs = {
        "layer": layer,
        "documents": accepted,
        "tokenizer": file_digest(tokenizer_file),
        "settings": chosen,
    }
    return store.once("dataset", BUILD, inputs, make, refresh=refresh)


def _accepted(known: Verdicts, layer: str) -> tuple[Verdict, ...]:
    accepted = known.accepted(layer)
    if all(verdict.format == "questions" for verdict in accepted):
        raise InvalidInputError(_nothing_to_use(known, layer))
    return accepted


def combine_datasets(refs: Sequence[ArtifactRef], *, store: Store) -> ArtifactRef:
    """The layers' rows together, as the layer `all`; each row keeps its own layer.

    A row that several layers have is taken once; one that any layer holds out is held out.
    """
    ordered = sorted(refs, key=lambda ref: ref.digest)

    def make(folder: Path) -> Mapping[str, Any]:
        taken: dict[tuple[str | None, str], Row] = {}
        dropped = []
        for name in (HELDOUT_FILE, TRAIN_FILE):
            for row in (row for ref in ordered for row in read_rows(store.open(ref) / name)):
                first = taken.setdefault((row.question, row.text), row)
                if first is not row:
                    dropped.append(dropped_row(row, first))
        facts = [store.manifest(ref).facts for ref in ordered]
        documents = [name for fact in facts for name in fact["documents"]]
        return _write(folder, ALL_LAYERS, list(taken.values()), documents, dropped)

    return store.once("dataset", COMBINE, {"datasets": ordered}, make)


def _parts(
    verdict: Verdict, documents: int, store: Store, settings: DatasetSettings
) -> Iterator[Part]:
    """The document's sections, each for training or held out."""
    pages = _pages(verdict, store)
    found = blocks(pages)
    if not pages.questions and is_held_out_whole(verdict.digest, documents, settings):
        split: list[Section] = [("heldout", found)]
    else:
        split = sections(verdict.digest, found, settings)
    for name, part in split:
        yield Part(verdict.digest, pages.created, name, part)


def _pages(verdict: Verdict, store: Store) -> Pages:
    if verdict.pages_ref is None:
        return Pages(format=verdict.format)
    return read_stored_pages(store, verdict.pages_ref)


def _write(
    folder: Path,
    layer: str,
    rows: Sequence[Row],
    documents: Iterable[str],
    dropped: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    splits: tuple[tuple[str, Split], ...] = ((TRAIN_FILE, "train"), (HELDOUT_FILE, "heldout"))
    written = {
        split: write_rows(folder / name, (row for row in rows if row.split == split))
        for name, split in splits
    }
    lines = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in dropped)
    (folder / DROPPED_FILE).write_text(lines, "utf-8")
    facts = card(layer, rows, dropped)
    (folder / "card.json").write_text(json.dumps(facts, indent=1, ensure_ascii=False), "utf-8")
    (folder / "card.md").write_text(card_text(facts), "utf-8")
    return {
        "layer": layer,
        "documents": sorted(set(documents)),
        "train_rows": written["train"],
        "heldout_rows": written["heldout"],
        "tokens": sum(row.n_tokens for row in rows),
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
