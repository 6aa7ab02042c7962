"""Pages, tokenizers and layers for the dataset's tests, without any PDF."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers

from lamina.artifacts import ArtifactRef
from lamina.dataset.build import build_dataset
from lamina.dataset.settings import DatasetSettings
from lamina.fingerprint import text_digest
from lamina.progress import Silent
from lamina.store import Stage, Store
from lamina.text.blocks import Block, blocks
from lamina.text.naming import Naming
from lamina.text.pages import Line, Page, Pages, write_pages
from lamina.text.rows import Row, Split, read_rows
from lamina.text.verdicts import VERDICTS_FILE, Verdict, Verdicts

STAGE = Stage("test", 1)
HEIGHT, WIDTH, PITCH = 800.0, 600.0, 12.0


def line(text: str, top: float, *, size: float = 10.0, left: float = 50.0) -> Line:
    return Line(text, left, left + 5.0 * len(text), top, size)


def page(lines: Sequence[str | Line], number: int = 1) -> Page:
    """Lines one below the other from 100 points on; an empty one is a gap; Lines stay in place."""
    placed = [
        item if isinstance(item, Line) else line(item, 100 + PITCH * index)
        for index, item in enumerate(lines)
    ]
    shown = tuple(item for item in placed if item.text)
    return Page(number=number, kind="text", width=WIDTH, height=HEIGHT, lines=shown)


def pages(*sheets: Sequence[str | Line]) -> Pages:
    return Pages(
        format="pdf", pages=tuple(page(lines, number) for number, lines in enumerate(sheets, 1))
    )


def blocks_under(read: Pages, headings: Sequence[str]) -> list[Block]:
    """The document's blocks as if they stood under these headings."""
    return [replace(block, heading=tuple(headings)) for block in blocks(read)]


def plain(text: str) -> Pages:
    """A text file."""
    lines = tuple(Line(entry, 0, 0, 0, 0) for entry in text.splitlines())
    return Pages(format="text", pages=(Page(number=1, kind="text", lines=lines),))


def word_tokenizer(folder: Path) -> Path:
    """A tokenizer file that counts words."""
    tokenizer = Tokenizer(models.WordLevel({"?": 0}, "?"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    path = folder / "tokenizer.json"
    tokenizer.save(str(path))
    return path


def count_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def verdicts(
    store: Store,
    layers: Mapping[str, Sequence[Pages]],
    refused: Sequence[str] = (),
    naming: Naming = Naming(),  # noqa: B008 - frozen
) -> ArtifactRef:
    """A verdicts artifact; documents are named by their content. `refused` are layers' names."""
    entries = [
        _verdict(store, layer, read, recommended=layer not in refused).model_copy(
            update={"naming": naming}
        )
        for layer, documents in layers.items()
        for read in documents
    ]
    ordered = sorted(entries, key=lambda entry: (entry.layer, entry.digest))

    def make(folder: Path) -> dict[str, object]:
        (folder / VERDICTS_FILE).write_text(Verdicts(verdicts=tuple(ordered)).model_dump_json())
        return {}

    return store.once("verdicts", STAGE, {"entries": ordered}, make)


def document(subject: str) -> Pages:
    """Two pages of sentences, and a question."""
    body = [f"Sentence {number} about {subject} ends here." for number in range(20)]
    return pages(["Q: What is it?", f"A: {subject}", "", *body[:10]], body[10:])


def build(
    store: Store, known: ArtifactRef, layer: str, tokenizer: Path, chunk: int = 32
) -> ArtifactRef:
    """The layer's dataset."""
    return build_dataset(
        known,
        layer,
        store=store,
        progress=Silent(),
        tokenizer_file=tokenizer,
        settings=DatasetSettings(chunk_tokens=chunk),
    )


def rows(store: Store, ref: ArtifactRef, split: Split) -> list[Row]:
    """What a dataset holds."""
    return list(read_rows(store.open(ref) / f"{split}.jsonl"))


def digest(read: Pages) -> str:
    """What a document with these pages is called."""
    return text_digest(read.model_dump_json())


def _verdict(store: Store, layer: str, read: Pages, *, recommended: bool) -> Verdict:
    name = digest(read)

    def make(folder: Path) -> dict[str, object]:
        write_pages(folder, read)
        return {"document": name}

    return Verdict(
        layer=layer,
        digest=name,
        format=read.format,
        pages_ref=store.once("pages", STAGE, {"document": name}, make),
        recommended=recommended,
        score=100 if recommended else 20,
        parts={},
        reasons=() if recommended else ("too_short",),
        characters=len(read.text),
        created=read.created,
        sentence="Accepted." if recommended else "Too short to learn from: 12 characters.",
    )
