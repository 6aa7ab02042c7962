"""A section of a document for validation: chosen by its content alone, so that it never moves.

A document of at least five pieces gives one run of neighbouring pieces, about a tenth of its text.
Which documents give one, and which are held out whole, is told in `assigned`.
"""

from collections.abc import Sequence
from dataclasses import replace

from lamina.dataset.settings import DatasetSettings
from lamina.fingerprint import text_digest
from lamina.text.blocks import Block
from lamina.text.rows import Split
from lamina.text.sentences import sentences

Section = tuple[Split, list[Block]]

_FEWEST_PIECES = 5  # of a document that gives a section
_COARSE_PIECES = 12  # with fewer blocks than this, sentences are the pieces
_GAP_FROM_PIECES = 60  # from here on a piece on either side of the section is left out


def sections(document: str, blocks: Sequence[Block], settings: DatasetSettings) -> list[Section]:
    """The document's blocks in order, cut into what is trained on and what is for validation.

    Questions stay in train; a heading goes with what stands below it.
    """
    pieces = _pieces(blocks)
    if len(pieces) < _FEWEST_PIECES or not settings.heldout_share:
        return [("train", list(blocks))]
    sizes = [sum(len(block.text) for block in piece) for piece in pieces]
    first, last = _run(sizes, document, settings.heldout_share)
    gap = 1 if len(pieces) >= _GAP_FROM_PIECES else 0
    before, inside, after = (
        [block for piece in part for block in piece]
        for part in (pieces[: first - gap], pieces[first:last], pieces[last + gap :])
    )
    asked = [block for block in blocks if block.kind == "qa"]
    parts: list[Section] = [
        ("train", before),
        ("validation", inside),
        ("train", [*after, *asked]),
    ]
    return [(split, part) for split, part in _headings_moved(parts) if part]


def _headings_moved(parts: Sequence[Section]) -> list[Section]:
    """The parts, each without the headings at its end, which the next one begins with instead."""
    moved: list[Section] = []
    carried: list[Block] = []
    for split, part in parts:
        whole = [*carried, *part]
        end = len(whole)
        while end and whole[end - 1].kind == "heading":
            end -= 1
        moved.append((split, whole[:end]))
        carried = whole[end:]
    if moved:
        moved[-1][1].extend(carried)
    return moved


def _pieces(blocks: Sequence[Block]) -> list[list[Block]]:
    """Paragraphs and whole tables; of a short document, sentences and rows."""
    texts = [block for block in blocks if block.kind != "qa"]
    pieces: list[list[Block]] = []
    for block in texts:
        if pieces and pieces[-1][-1].kind == block.kind == "row":
            pieces[-1].append(block)
        else:
            pieces.append([block])
    if sum(piece[0].kind != "heading" for piece in pieces) >= _COARSE_PIECES:
        return pieces
    return [
        [replace(block, text=sentence)]
        for block in texts
        for sentence in (sentences(block.text) if block.kind == "text" else [block.text])
    ]


def _run(sizes: Sequence[int], document: str, share: float) -> tuple[int, int]:
    """[first, last) of the section, at a place that the digest chooses, never at the very start.

    Where the section would come out at less than half or more than twice its share, because a
    large table or the end of the document is there, the next place is taken.
    """
    target = share * sum(sizes)
    chosen = int(fraction(document, "section") * (len(sizes) - 1))
    firsts = [1 + (chosen + step) % (len(sizes) - 1) for step in range(len(sizes) - 1)]
    runs = (_from(first, sizes, target) for first in firsts)
    fitting = (run for run in runs if target / 2 <= sum(sizes[slice(*run)]) <= 2 * target)
    return next(fitting, None) or min(
        (_from(first, sizes, target) for first in firsts),
        key=lambda run: abs(sum(sizes[slice(*run)]) - target),
    )


def _from(first: int, sizes: Sequence[int], target: float) -> tuple[int, int]:
    """[first, last) of so many pieces as make up the target, at least one."""
    last, held = first + 1, sizes[first]
    while last < len(sizes) and held < target:
        held += sizes[last]
        last += 1
    return first, last


def fraction(document: str, purpose: str) -> float:
    """A number in [0, 1) that only the content decides."""
    return int(text_digest(f"{purpose} {document}")[:13], 16) / 16**13
