"""The stage `build_dataset`: one layer's accepted documents to rows, and layers to a whole.

A layer's dataset is keyed on what was read of its own accepted documents, the tokenizer and the
settings. A PDF that lands in another layer changes nothing here.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lamina.artifacts import ArtifactRef
from lamina.dataset.blocks import Block, blocks
from lamina.dataset.card import card, card_text
from lamina.dataset.chunks import CountTokens, chunks
from lamina.dataset.settings import DatasetSettings
from lamina.dataset.split import Split, is_held_out_whole, sections
from lamina.errors import InvalidInputError
from lamina.fingerprint import file_digest
from lamina.pages import Pages, read_stored_pages
from lamina.progress import Progress
from lamina.rows import Row, read_rows, write_rows
from lamina.store import Stage, Store
from lamina.verdicts import Verdict, Verdicts, read_verdicts

BUILD = Stage("build_dataset", version=2)
COMBINE = Stage("combine_datasets", version=1)
TRAIN_FILE = "train.jsonl"
HELDOUT_FILE = "heldout.jsonl"
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
    known = read_verdicts(store, verdicts)
    accepted = known.accepted(layer)
    texts = sum(verdict.format != "questions" for verdict in accepted)
    if not texts:
        raise InvalidInputError(_nothing_to_use(known, layer))

    def make(folder: Path) -> Mapping[str, Any]:
        count = token_counter(tokenizer_file)
        progress.start(f"building {layer}", len(accepted))
        rows: list[Row] = []
        for number, verdict in enumerate(accepted, start=1):
            rows += _document_rows(verdict, texts, store, count, chosen)
            progress.advance(number)
        return _write(folder, layer, rows, [verdict.digest for verdict in accepted])

    inputs = {
        "layer": layer,
        "documents": accepted,
        "tokenizer": file_digest(tokenizer_file),
        "settings": chosen,
    }
    return store.once("dataset", BUILD, inputs, make, refresh=refresh)


def combine_datasets(refs: Sequence[ArtifactRef], *, store: Store) -> ArtifactRef:
    """The layers' rows together, as the layer `all`; each row keeps its own layer."""
    ordered = sorted(refs, key=lambda ref: ref.digest)

    def make(folder: Path) -> Mapping[str, Any]:
        rows = [
            row
            for ref in ordered
            for name in (TRAIN_FILE, HELDOUT_FILE)
            for row in read_rows(store.open(ref) / name)
        ]
        facts = [store.manifest(ref).facts for ref in ordered]
        return _write(
            folder, ALL_LAYERS, rows, [name for fact in facts for name in fact["documents"]]
        )

    return store.once("dataset", COMBINE, {"datasets": ordered}, make)


def token_counter(tokenizer_file: Path) -> CountTokens:
    """Counts tokens as the base does, without BOS and EOS."""
    from tokenizers import Tokenizer  # 20 ms, and only here

    tokenizer = Tokenizer.from_file(str(tokenizer_file))

    def count(texts: Sequence[str]) -> list[int]:
        encodings = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding) for encoding in encodings]

    return count


def _document_rows(
    verdict: Verdict, documents: int, store: Store, count: CountTokens, settings: DatasetSettings
) -> Iterator[Row]:
    pages = _pages(verdict, store)
    found = blocks(pages)
    if not pages.questions and is_held_out_whole(verdict.digest, documents, settings):
        parts: list[tuple[Split, list[Block]]] = [("heldout", found)]
    else:
        parts = sections(verdict.digest, found, settings)
    for split, part in parts:
        rows = list(_rows(part, count, settings))
        sizes = count([f"{row['question'] or ''} {row['text']}".strip() for row in rows])
        for row, tokens in zip(rows, sizes, strict=True):
            yield Row(
                layer=verdict.layer,
                split=split,
                document=verdict.digest,
                n_tokens=tokens,
                **row,
            )


def _rows(
    part: Sequence[Block], count: CountTokens, settings: DatasetSettings
) -> Iterator[dict[str, Any]]:
    for chunk in chunks(part, count, settings.chunk_tokens, settings.overlap_tokens):
        yield {
            "kind": "text",
            "text": chunk.text,
            "question": None,
            "pages": chunk.pages,
            "heading": chunk.heading,
        }
    for block in part:
        if block.kind == "qa":
            yield {
                "kind": "qa",
                "text": block.text,
                "question": block.question,
                "pages": block.pages,
                "heading": block.heading,
            }


def _pages(verdict: Verdict, store: Store) -> Pages:
    if verdict.pages_ref is None:
        return Pages(format=verdict.format)
    return read_stored_pages(store, verdict.pages_ref)


def _write(
    folder: Path, layer: str, rows: Sequence[Row], documents: Iterable[str]
) -> dict[str, Any]:
    splits: tuple[tuple[str, Split], ...] = ((TRAIN_FILE, "train"), (HELDOUT_FILE, "heldout"))
    written = {
        split: write_rows(folder / name, (row for row in rows if row.split == split))
        for name, split in splits
    }
    facts = card(layer, rows)
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
