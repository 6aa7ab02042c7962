"""Parts of documents to rows: copies left out, the rest cut into chunks and counted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lamina.dataset.chunks import CountTokens, chunks
from lamina.dataset.duplicates import Place, Taken
from lamina.dataset.settings import DatasetSettings
from lamina.dataset.subject import NOBODY, Lines, Subject
from lamina.text.blocks import Block
from lamina.text.rows import SPLITS, Row, Split

_SHOWN = 200  # characters of what was dropped


@dataclass(frozen=True)
class Part:
    """A section of a document, wholly in one split."""

    document: str
    split: Split
    blocks: Sequence[Block]
    subject: Subject = NOBODY


def without_copies(part: Part, taken: Taken) -> tuple[Part, list[dict[str, Any]]]:
    """The part without what was taken before, and what was dropped, as JSON values."""
    kept, dropped = [], []
    for block in part.blocks:
        if copied := taken.take(part.document, block):
            place = Place(part.document, block.pages)
            dropped.append(dropped_text(place, block.text, copied.reason, copied.kept))
        else:
            kept.append(block)
    return replace(part, blocks=kept), dropped


def by_evidence(part: Part, taken: Taken) -> Iterator[Part]:
    """The part, and before it the questions about what is held out: they are held out, too."""
    if part.split != "train":
        taken.hold_out(part.blocks, part.split)
        yield part
        return
    about: dict[Split, list[Block]] = {split: [] for split in reversed(SPLITS)}
    for block in part.blocks:
        held = taken.held_in(block.evidence) if block.evidence else None
        about[held or "train"].append(block)
    for split, found in about.items():
        if found or split == "train":
            yield replace(part, split=split, blocks=found)


def dropped_text(place: Place, text: str, reason: str, kept: Place) -> dict[str, Any]:
    """What is told of a text that was left out."""
    return {
        "document": place.document,
        "pages": place.pages,
        "reason": reason,
        "kept_document": kept.document,
        "kept_pages": kept.pages,
        "text": text[:_SHOWN],
    }


def rows_of(layer: str, part: Part, count: CountTokens, settings: DatasetSettings) -> Iterator[Row]:
    """The part's rows: its running text in chunks, then its questions.

    A subject stands before chunks, never before questions: they are asked as people ask them, and
    nobody would type it.
    """
    bodies = list(_bodies(part, count, settings))
    sizes = count([_counted(body) for body in bodies])
    for body, tokens in zip(bodies, sizes, strict=True):
        yield Row(layer=layer, split=part.split, document=part.document, n_tokens=tokens, **body)


def _counted(body: Mapping[str, Any]) -> str:
    return f"{body['question'] or body.get('subject', '')} {body['text']}".strip()


def _bodies(part: Part, count: CountTokens, settings: DatasetSettings) -> Iterator[dict[str, Any]]:
    lines = Lines(part.subject, part.blocks, count, settings.chunk_tokens)
    for chunk in chunks(part.blocks, count, settings.chunk_tokens - lines.tokens):
        yield {
            "kind": "text",
            "text": chunk.text,
            "question": None,
            "pages": chunk.pages,
            "heading": chunk.heading,
            "subject": lines.before(chunk.text, chunk.heading),
        }
    for block in part.blocks:
        if block.kind == "qa":
            yield {
                "kind": "qa",
                "text": block.text,
                "question": block.question,
                "pages": block.pages,
                "heading": block.heading,
                "evidence": block.evidence,
            }


def token_counter(tokenizer_file: Path) -> CountTokens:
    """Counts tokens as the base does, without BOS and EOS."""
    from tokenizers import Tokenizer  # 20 ms, and only here

    tokenizer = Tokenizer.from_file(str(tokenizer_file))

    def count(texts: Sequence[str]) -> list[int]:
        encodings = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding) for encoding in encodings]

    return count
