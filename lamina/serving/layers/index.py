"""All layers' profiles in one index: how well each layer knows the words of a question.

Documents are weighed by BM25, and a layer is as good as its best one: a question that names a
company wants what was read of that company. Beside it stands how near the question is to the layer
as a whole, since one page often holds more than the note for which it was put there.

What a layer puts into the index says nothing of other layers. What hangs on all of them, such as
how many documents say a word, is counted when a question is asked, for its words alone: so a layer
that comes or goes costs what it holds itself.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lamina.passport.profile import BITS, Profile, number

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_K1, _B = 1.2, 0.5  # BM25's: how fast repetition stops to count, and how much length does
_PAIR = 0.5  # what a pair of words weighs beside a word
_LEAST_DOCUMENTS = 200  # a few layers are weighed as if others said nothing of it
_UNKNOWN = 2  # as if so many more words had been asked that nobody knows
_BUCKETS = 1 << 13  # terms with the same first bits stand together
_BEHIND = BITS - 13  # bits of a term's number behind those
_LAST = (1 << _BEHIND) - 1  # these
_ROOM = 64  # entries that a bucket has room for at least
_TOLD = np.append(0, 1 + np.log(np.arange(1, 256)))  # what a count says


@dataclass(frozen=True)
class Met:
    """Where a question's words stand: an entry for each document that says one of them."""

    index: "Index"
    word: Ints  # (entries,)
    document: Ints  # (entries,)
    weight: Array  # (entries,), of 1: what this word of this document explains of the question
    near: Array  # (layers,): how near the question is to each as a whole; only to be compared

    @property
    def known(self) -> Array:
        """What each layer's best document explains of the question, of 1."""
        return self.index.best(self._by_document(self.weight))

    def more(self, layer: int) -> Array:
        """What each layer's best document explains beyond what this layer's does."""
        own = self.index.documents(layer)
        best = own.start + int(self._by_document(self.weight)[own].argmax())
        has = np.zeros(int(self.word.max(initial=0)) + 1)
        here = self.document == best
        has[self.word[here]] = self.weight[here]
        return self.index.best(self._by_document(np.maximum(self.weight - has[self.word], 0)))

    def _by_document(self, values: Array) -> Array:
        return np.bincount(self.document, values, self.index.n_documents).astype(np.float64)


class Index:
    """Layers are added and never change; of those that are there, some count, in some order."""

    def __init__(self) -> None:
        # An entry is a document that says a term: the term's bits behind the bucket's, the document
        # and in 8 bits how often it says it, and its share in the direction of the layer.
        self._rests, self._said = np.empty(0, np.uint16), np.empty(0, np.uint32)
        self._shares = np.empty(0, np.float32)
        self._begins = np.zeros(_BUCKETS + 1, np.int64)  # of each bucket's room, and the end
        self._ends = self._begins[1:].copy()  # of what is there
        self._firsts = np.empty(0, np.int64)  # each layer's first document
        self._lengths = np.empty(0)  # of documents
        self._counting = np.empty(0, np.int64)  # layers

    @property
    def n_layers(self) -> int:
        """Of them all."""
        return len(self._firsts)

    @property
    def n_documents(self) -> int:
        """Of all layers."""
        return len(self._lengths)

    def add(self, profile: Profile) -> int:
        """Put a layer there; returns its number."""
        term, document = profile.counts.T.nonzero()
        counts, numbers = profile.counts[document, term], profile.terms[term]
        share = _TOLD[counts]
        share /= np.sqrt(np.bincount(document, share**2))[document]  # each document's direction
        share /= np.sqrt(np.sum(np.bincount(term, share) ** 2))  # the mean of these: the layer's
        bucket = numbers >> _BEHIND
        sizes = np.bincount(bucket, minlength=_BUCKETS)
        if (self._ends + sizes > self._begins[1:]).any():
            self._widen(sizes)
        place = np.arange(len(bucket)) + (self._ends - np.cumsum(sizes) + sizes)[bucket]
        self._rests[place] = numbers & _LAST
        self._said[place] = (document + self.n_documents) << 8 | counts
        self._shares[place] = share
        self._ends += sizes
        self._firsts = np.append(self._firsts, self.n_documents)
        self._lengths = np.append(self._lengths, profile.counts.sum(axis=1))
        return self.n_layers - 1

    def _widen(self, more: Ints) -> None:
        """Make room for so many more in each bucket, and for half as many again."""
        sizes = self._ends - self._begins[:-1]
        begins = np.append(0, np.cumsum((sizes + more) * 3 // 2 + _ROOM))
        some = np.flatnonzero(sizes)
        places = np.stack([begins[some], self._begins[some], sizes[some]], axis=1).tolist()
        for name in ("_rests", "_said", "_shares"):
            old = getattr(self, name)
            new = np.empty(begins[-1], old.dtype)
            for there, here, size in places:
                new[there : there + size] = old[here : here + size]
            setattr(self, name, new)
        self._begins, self._ends = begins, begins[:-1] + sizes

    def choose(self, layers: Sequence[int]) -> None:
        """These count from now on, in this order."""
        self._counting = np.array(layers)
        sizes = np.diff(self._firsts, append=self.n_documents)
        self._layer_of = np.repeat(np.arange(self.n_layers), sizes)
        counts = np.zeros(self.n_layers)
        counts[self._counting] = 1
        self._counts = counts[self._layer_of]  # of documents: whether they count
        lengths = self._lengths[self._counts > 0]
        self._n = max(len(lengths), _LEAST_DOCUMENTS)
        self._slow = _K1 * (1 - _B + _B * self._lengths / lengths.mean())

    def meet(self, asked: Mapping[str, float]) -> Met:
        """Where these terms stand; each has a weight, of 1 as a rule."""
        weights = np.array([w * (_PAIR if " " in one else 1) for one, w in asked.items()])
        is_word = np.array([" " not in one for one in asked], bool)
        found = [self._places(number(one)) for one in asked]
        place = np.concatenate(found) if found else np.empty(0, np.int64)
        word = np.repeat(np.arange(len(found)), [len(one) for one in found])
        said = self._said.take(place)
        document, count = (said >> 8).astype(np.int64), (said & 0xFF).astype(np.float64)
        known = np.bincount(word, self._counts.take(document), len(found))  # documents that say it
        idf = np.log((self._n + 1) / (known + 0.5))
        told = weights * idf * (known > 0)
        unknown = float(weights[(known == 0) & is_word].sum()) + _UNKNOWN
        of_1 = told / (float(told.sum()) + unknown * math.log((self._n + 1) / 0.5))
        weight = count / (count + self._slow.take(document)) * of_1.take(word)
        share = self._shares.take(place) * (told * idf).take(word)
        near = np.bincount(self._layer_of.take(document), share, self.n_layers)[self._counting]
        return Met(self, word, document, weight, near.astype(np.float64))

    def _places(self, term: int) -> Ints:
        """Where its entries stand."""
        bucket = term >> _BEHIND
        begin = self._begins[bucket]
        rests = self._rests[begin : self._ends[bucket]]
        found: Ints = np.flatnonzero(rests == term & _LAST) + begin
        return found

    def documents(self, layer: int) -> slice:
        """Those of the layer at this place among the ones that count."""
        number = int(self._counting[layer])
        ends = np.append(self._firsts[number + 1 :], self.n_documents)
        return slice(int(self._firsts[number]), int(ends[0]))

    def best(self, by_document: Array) -> Array:
        """Each layer's highest value, of those that count."""
        found: Array = np.maximum.reduceat(by_document, self._firsts)[self._counting]
        return found
