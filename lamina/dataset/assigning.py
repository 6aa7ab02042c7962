"""Which part new documents go to: pure, by size, in the order of their digests.

- A new group that shares wording with documents in a part goes there: apart from them it would tell
  what they tell.
- Any other group is train, unless a layer lacks test or validation text and can spare the group.
- A layer of fewer documents than `test_documents` has no test; one of fewer than
  `validation_documents` gives sections for validation instead, as does any layer without a whole
  document for it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lamina.dataset.assigned import Assigned
from lamina.dataset.groups import BINDING, Shared, grouped
from lamina.dataset.settings import DatasetSettings
from lamina.dataset.split import fraction
from lamina.text.rows import Split

_FIRST = 3.0  # what a layer's first group of a part is worth, in wanted shares that it may be off

Sizes = Mapping[str, Mapping[str, int]]  # characters, by layer and document
Parts = dict[str, Split]
_Touched = dict[str, tuple[int, int]]  # characters and documents of a group, by layer


def assign(layers: Sizes, before: Assigned, shared: Shared, settings: DatasetSettings) -> Assigned:
    """Every document's part; all of `before` stays. `shared` holds every pair with a new one."""
    new = {document for sizes in layers.values() for document in sizes} - before.known()
    parts: Parts = {document: before.part(document) for document in before.known()}
    near = _near(shared)
    free: list[frozenset[str]] = []
    for group in grouped(new, shared):
        pulled = _pulled(group, parts, near)
        if pulled is None:
            free.append(group)
        else:
            can = pulled == "train" or _can_spare(group, pulled, layers, parts, settings)
            parts |= dict.fromkeys(group, pulled if can else "train")
    for part in ("test", "validation") if settings.heldout_share else ():
        free = _filled(part, layers, parts, free, settings)
    parts |= {document: "train" for group in free for document in group}
    return _with_sections(layers, parts, before, settings)


def _near(shared: Shared) -> Mapping[str, list[tuple[str, int]]]:
    """The documents that are bound to each, with how much they share."""
    near: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for (one, other), count in shared.items():
        if count >= BINDING:
            near[one].append((other, count))
            near[other].append((one, count))
    return near


def _pulled(
    group: Iterable[str], parts: Parts, near: Mapping[str, list[tuple[str, int]]]
) -> Split | None:
    """The part with whose documents the group shares most wording, if it is bound to any."""
    weights: Counter[Split] = Counter()
    for document in group:
        for other, count in near.get(document, ()):
            if other in parts:
                weights[parts[other]] += count
    ranked: list[Split] = sorted(weights, key=lambda part: (-weights[part], part))
    return ranked[0] if ranked else None


def _can_spare(
    group: frozenset[str], part: Split, layers: Sizes, parts: Parts, settings: DatasetSettings
) -> bool:
    """Whether each layer of the group may have such a part, and keeps a document to train on."""
    return all(
        len(sizes) >= _fewest(part, settings)
        and any(parts.get(other, "train") == "train" for other in sizes.keys() - group)
        for sizes in layers.values()
        if sizes.keys() & group
    )


def _fewest(part: Split, settings: DatasetSettings) -> int:
    return settings.test_documents if part == "test" else settings.validation_documents


@dataclass
class _Need:
    """How much of one part a layer has, and should have, in characters."""

    wanted: float
    has: int
    spare: int  # documents that are still in train

    def gain(self, size: int) -> float:
        """How much nearer the layer comes to what it should have, in wanted shares."""
        nearer = abs(self.wanted - self.has) - abs(self.wanted - self.has - size)
        return nearer / self.wanted + (0 if self.has else _FIRST)


def _filled(
    part: Split,
    layers: Sizes,
    parts: Parts,
    free: Sequence[frozenset[str]],
    settings: DatasetSettings,
) -> list[frozenset[str]]:
    """Take groups for a part, for layers without any first; the groups that are left."""
    needs = {
        layer: _need(part, sizes, parts, settings)
        for layer, sizes in layers.items()
        if len(sizes) >= _fewest(part, settings)
    }
    left = _touched(free, layers)
    ordered = sorted(left, key=lambda group: fraction(min(group), part))

    def take(group: frozenset[str]) -> None:
        parts.update(dict.fromkeys(group, part))
        for layer, (size, count) in left.pop(group).items():
            needs[layer].has += size
            needs[layer].spare -= count
        ordered.remove(group)

    def lacking() -> list[frozenset[str]]:
        """The groups of layers that have none of the part, where they help."""
        lack = {layer for layer, need in needs.items() if not need.has}
        return [one for one in ordered if left[one].keys() & lack and _gain(left[one], needs) > 0]

    while found := lacking():
        take(max(found, key=lambda one: _gain(left[one], needs)))
    for group in tuple(ordered):
        if _gain(left[group], needs) > 0:
            take(group)
    return ordered


def _need(part: Split, sizes: Mapping[str, int], parts: Parts, settings: DatasetSettings) -> _Need:
    return _Need(
        wanted=max(1.0, settings.heldout_share * sum(sizes.values())),
        has=sum(size for one, size in sizes.items() if parts.get(one) == part),
        spare=sum(parts.get(one, "train") == "train" for one in sizes),
    )


def _touched(groups: Iterable[frozenset[str]], layers: Sizes) -> dict[frozenset[str], _Touched]:
    where: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for layer, sizes in layers.items():
        for document, size in sizes.items():
            where[document].append((layer, size))
    found: dict[frozenset[str], _Touched] = {}
    for group in groups:
        touched: _Touched = {}
        for layer, size in (entry for document in group for entry in where[document]):
            before, count = touched.get(layer, (0, 0))
            touched[layer] = (before + size, count + 1)
        found[group] = touched
    return found


def _gain(touched: _Touched, needs: Mapping[str, _Need]) -> float:
    """What a group is worth to the layers that it is of, on average; less than 0 to none."""
    if any(layer not in needs or needs[layer].spare <= n for layer, (_, n) in touched.items()):
        return -1.0
    return sum(needs[layer].gain(size) for layer, (size, _) in touched.items()) / len(touched)


def _with_sections(
    layers: Sizes, parts: Parts, before: Assigned, settings: DatasetSettings
) -> Assigned:
    by_part: dict[Split, set[str]] = defaultdict(set)
    for document, part in parts.items():
        by_part[part].add(document)
    sectioned = set(before.sectioned)
    for sizes in layers.values() if settings.heldout_share else ():
        if not sizes.keys() & by_part["validation"]:
            sectioned |= sizes.keys() & by_part["train"]
    return Assigned(
        train=frozenset(by_part["train"]),
        validation=frozenset(by_part["validation"]),
        test=frozenset(by_part["test"]),
        sectioned=frozenset(sectioned) & by_part["train"],
    )
