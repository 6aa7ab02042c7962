"""Parts of documents to rows: copies left out, the rest cut into chunks and counted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lamina.dataset.blocks import Block
from lamina.dataset.chunks import CountTokens, chunks
from lamina.dataset.duplicates import Passage, duplicates
from lamina.dataset.settings import DatasetSettings
from lamina.dataset.split import Split
from lamina.rows import Row

_SHOWN = 200  # characters of what was dropped


@dataclass(frozen=True)
class Part:
    """A section of a document, wholly in one split."""

    document: str
    created: str
    split: Split
    blocks: Sequence[Block]


def without_duplicates(parts: Sequence[Part]) -> tuple[list[Part], list[dict[str, Any]]]:
    """The parts without what they repeat, and what was dropped, as JSON values."""
    passages = [
        Passage(part.document, part.created, part.split, block)
        for part in parts
        for block in part.blocks
    ]
    dropped = {entry.index: entry for entry in duplicates(passages)}
    kept, start = [], 0
    for part in parts:
        end = start + len(part.blocks)
        blocks = [passages[i].block for i in range(start, end) if i not in dropped]
        kept.append(Part(part.document, part.created, part.split, blocks))
        start = end
    told = [
        {
            "document": passages[entry.index].document,
            "pages": passages[entry.index].block.pages,
            "reason": entry.reason,
            "kept_document": passages[entry.kept].document,
            "kept_pages": passages[entry.kept].block.pages,
            "text": passages[entry.index].block.text[:_SHOWN],
        }
        for entry in dropped.values()
    ]
    return kept, told


def dropped_row(row: Row, kept: Row) -> dict[str, Any]:
    """What is told of a row that another layer has too."""
    return {
        "document": row.document,
        "pages": row.pages,
        "reason": "repeat",
        "kept_document": kept.document,
        "kept_pages": kept.pages,
        "text": row.text[:_SHOWN],
    }


def rows_of(layer: str, part: Part, count: CountTokens, settings: DatasetSettings) -> Iterator[Row]:
    """The part's rows: its running text in chunks, then its questions."""
    bodies = list(_bodies(part.blocks, count, settings))
    sizes = count([f"{body['question'] or ''} {body['text']}".strip() for body in bodies])
    for body, tokens in zip(bodies, sizes, strict=True):
        yield Row(layer=layer, split=part.split, document=part.document, n_tokens=tokens, **body)


def _bodies(
    blocks: Sequence[Block], count: CountTokens, settings: DatasetSettings
) -> Iterator[dict[str, Any]]:
    for chunk in chunks(blocks, count, settings.chunk_tokens, settings.overlap_tokens):
        yield {
            "kind": "text",
            "text": chunk.text,
            "question": None,
            "pages": chunk.pages,
            "heading": chunk.heading,
        }
    for block in blocks:
        if block.kind == "qa":
            yield {
                "kind": "qa",
                "text": block.text,
                "question": block.question,
                "pages": block.pages,
                "heading": block.heading,
            }


def token_counter(tokenizer_file: Path) -> CountTokens:
    """Counts tokens as the base does, without BOS and EOS."""
    from tokenizers import Tokenizer  # 20 ms, and only here

    tokenizer = Tokenizer.from_file(str(tokenizer_file))

    def count(texts: Sequence[str]) -> list[int]:
        encodings = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding) for encoding in encodings]

    return count
