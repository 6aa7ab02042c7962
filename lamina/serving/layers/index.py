"""All layers' profiles in one index: how well each layer knows the words of a question.

Documents are weighed by BM25, and a layer is as good as its best one: a question that names a
company wants what was read of that company. Beside it stands how near the question is to the layer
as a whole, since one page often holds more than the note for which it was put there.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lamina.passport.profile import Profile, number

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

_K1, _B = 1.2, 0.5  # BM25's: how fast repetition stops to count, and how much length does
_PAIR = 0.5  # what a pair of words weighs beside a word
_LEAST_DOCUMENTS = 200  # a few layers are weighed as if others said nothing of it
_UNKNOWN = 2  # as if so many more words had been asked that nobody knows


@dataclass(frozen=True)
class Met:
    """Where a question's words stand: an entry for each document that says one of them."""

    index: "Index"
    word: Ints  # (entries,)
    document: Ints  # (entries,)
    weight: Array  # (entries,), of 1: what this word of this document explains of the question
    share: Array  # (entries,), in the direction of the document's layer

    @property
    def known(self) -> Array:
        """What each layer's best document explains of the question, of 1."""
        return self.index.best(self._by_document(self.weight))

    @property
    def near(self) -> Array:
        """How near the question is to each layer as a whole; only to be compared."""
        layers = self.index.layer_of[self.document]
        return np.bincount(layers, self.share, len(self.index.first)).astype(np.float64)

    def more(self, layer: int) -> Array:
        """What each layer's best document explains beyond what this layer's does."""
        own = self.index.layer_of == layer
        best = int(np.where(own, self._by_document(self.weight), -1).argmax())
        has = np.zeros(int(self.word.max()) + 1)
        here = self.document == best
        has[self.word[here]] = self.weight[here]
        return self.index.best(self._by_document(np.maximum(self.weight - has[self.word], 0)))

    def _by_document(self, values: Array) -> Array:
        return np.bincount(self.document, values, len(self.index.layer_of)).astype(np.float64)


class Index:
    """Terms, and the documents that say them. It does not change."""

    def __init__(self, profiles: Sequence[Profile]) -> None:
        sizes = np.array([len(one.counts) for one in profiles])
        self.first = np.cumsum(sizes) - sizes  # each layer's first document
        self.layer_of = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)  # of documents
        numbers, documents, counts = self._entries(profiles)
        order = np.argsort(numbers, kind="stable")  # documents stay in order inside a term
        numbers, self._document, counts = numbers[order], documents[order], counts[order]
        self._terms, begins, known = np.unique(numbers, return_index=True, return_counts=True)
        self._begins = np.append(begins, len(numbers))
        n = max(len(self.layer_of), _LEAST_DOCUMENTS)
        self._idf = np.log(1 + (n - known + 0.5) / (known + 0.5))
        self._nobody = math.log(1 + (n + 0.5) / 0.5)  # idf of a word that no document says
        self._weight = self._saturated(counts).astype(np.float32)
        self._share = self._shares(counts, np.repeat(self._idf, known)).astype(np.float32)

    def meet(self, asked: Mapping[str, float]) -> Met:
        """Where these terms stand; each has a weight, of 1 as a rule."""
        weights = np.array([w * (_PAIR if " " in one else 1) for one, w in asked.items()])
        numbers = np.array([number(one) for one in asked], np.uint32)
        is_word = np.array([" " not in one for one in asked], bool)
        at = np.minimum(np.searchsorted(self._terms, numbers), len(self._terms) - 1)
        found = self._terms[at] == numbers
        told = weights[found] * self._idf[at[found]]
        unknown = float(weights[~found & is_word].sum()) + _UNKNOWN
        whole = (_K1 + 1) * (float(told.sum()) + unknown * self._nobody)
        begins, ends = self._begins[at[found]], self._begins[at[found] + 1]
        sizes = ends - begins
        places = np.repeat(begins - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
        word = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
        weight = self._weight[places] * (told / whole)[word]
        return Met(self, word, self._document[places], weight, self._share[places] * told[word])

    def best(self, by_document: Array) -> Array:
        """Each layer's highest value."""
        return np.maximum.reduceat(by_document, self.first)

    def _entries(self, profiles: Sequence[Profile]) -> tuple[npt.NDArray[np.uint32], Ints, Array]:
        """Term, document and count of all that is not nought."""
        at = [one.counts.nonzero() for one in profiles]
        pairs = list(zip(profiles, at, strict=True))
        return (
            np.concatenate([one.terms[term] for one, (_, term) in pairs]),
            np.concatenate(
                [(row + n).astype(np.int32) for (row, _), n in zip(at, self.first, strict=True)]
            ),
            np.concatenate([one.counts[place].astype(np.float64) for one, place in pairs]),
        )

    def _saturated(self, counts: Array) -> Array:
        length = np.bincount(self._document, counts, len(self.layer_of))
        ratio = length / length.mean()
        weights: Array = counts * (_K1 + 1) / (counts + _K1 * (1 - _B + _B * ratio[self._document]))
        return weights

    def _shares(self, counts: Array, idf: Array) -> Array:
        """Each entry's part in its layer's direction: the mean of its documents' directions."""
        values = (1 + np.log(counts)) * idf
        length = np.sqrt(np.bincount(self._document, values**2, len(self.layer_of)))
        values /= np.maximum(length, 1e-9)[self._document]
        layers = self.layer_of[self._document]
        term = np.repeat(np.arange(len(self._terms)), np.diff(self._begins))
        starts = np.flatnonzero(np.diff(term * len(self.first) + layers, prepend=-1))
        sums = np.add.reduceat(values, starts)
        length = np.sqrt(np.bincount(layers[starts], sums**2, len(self.first)))
        return values / np.maximum(length, 1e-9)[layers]
