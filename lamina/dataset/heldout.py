"""Which documents of a layer are held out whole, and which give a section: kept for good.

In a layer of several documents some are held out whole, so that a layer is measured on documents
that it never saw; in a smaller layer every document gives a section. A rule that looks only at the
documents there are could not promise both that every layer of three has one held out and that none
is ever released (of any three one would have to stay held out in every larger layer: all but two
of it). So the choice is made once, by content, and remembered in the store; documents that come
later can add to it, never take from it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from lamina.dataset.settings import DatasetSettings
from lamina.dataset.split import fraction
from lamina.store import Store, alone, write_atomically

_MOST = 2.0  # times the wanted share, if there are documents small enough
FOLDER = "held_out"  # of the store, a file a layer


class HeldOut(BaseModel):
    """Documents by digest."""

    model_config = ConfigDict(frozen=True)

    whole: frozenset[str] = frozenset()
    sectioned: frozenset[str] = frozenset()


def choose(sizes: Mapping[str, int], before: HeldOut, settings: DatasetSettings) -> HeldOut:
    """What is held out of documents with these sizes in characters; all of `before` stays so."""
    share, total = settings.heldout_share, sum(sizes.values())
    whole = set(before.whole & sizes.keys())
    sectioned = (before.sectioned & sizes.keys()) - whole
    if not share:
        return HeldOut()
    if len(sizes) >= settings.heldout_documents:
        held = sum(sizes[one] for one in whole) + share * sum(sizes[one] for one in sectioned)
        for document in sorted(sizes.keys() - whole, key=_order):
            is_small = held + sizes[document] <= _MOST * share * total
            if is_small and (held < share * total or not whole):
                whole.add(document)
                held += sizes[document]
        if not whole:
            whole.add(min(sizes, key=lambda document: (sizes[document], _order(document))))
    if not whole:
        sectioned |= sizes.keys()
    return HeldOut(whole=frozenset(whole), sectioned=frozenset(sectioned - whole))


def remembered(
    store: Store, layer: str, sizes: Mapping[str, int], settings: DatasetSettings
) -> HeldOut:
    """What is held out of the layer's documents, now and whenever this store is asked again."""
    with _locked(store, layer) as path:
        before = _read(path)
        chosen = choose(sizes, before, settings)
        after = _union(before, chosen)
        if after != before:
            _write(path, after)
    return chosen


def take_over(store: Store, layer: str, held: HeldOut) -> None:
    """Remember besides what another store holds out of the layer."""
    with _locked(store, layer) as path:
        before = _read(path)
        after = _union(before, held)
        if after != before:
            _write(path, after)


@contextmanager
def _locked(store: Store, layer: str) -> Iterator[Path]:
    path = store.root / FOLDER / f"{layer}.json"
    with alone(path.with_suffix(".lock")):
        yield path


def _union(one: HeldOut, other: HeldOut) -> HeldOut:
    return HeldOut(whole=one.whole | other.whole, sectioned=one.sectioned | other.sectioned)


def _order(document: str) -> float:
    return fraction(document, "document")


def _read(path: Path) -> HeldOut:
    try:
        return HeldOut.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return HeldOut()


def _write(path: Path, held: HeldOut) -> None:
    ordered = held.model_copy(
        update={"whole": sorted(held.whole), "sectioned": sorted(held.sectioned)}
    )
    write_atomically(path, ordered.model_dump_json(indent=1, warnings=False).encode())
