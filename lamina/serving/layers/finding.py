"""Finds the layer that was trained on what a question asks for, by the layers' profiles.

The figures below were chosen on questions written for it (benchmarks/results/routing.md), never on
those that it is measured by.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lamina.passport import profile
from lamina.serving.layers.blends import BASE
from lamina.serving.layers.index import Index
from lamina.text.terms import terms

_WHOLE = 0.35  # what nearness to the layer as a whole weighs beside its best document
_LEAST = 0.18  # of a question's words, what a layer must know; below it the base answers
_ADDS = 0.14  # what a second layer must know beyond the first for both to answer
_SURE = 0.03  # distance from `_LEAST` at which the odds are e to one
_APART = 0.05  # distance of two layers' ranks at which they are
_SHOWN = 3  # runners-up
_TURNS, _EARLIER = 4, 0.5  # of a conversation that count, and what each weighs beside the next
_CHARACTERS = 4000  # of a turn that count
_GONE = 100  # layers that went and take room yet, beside as many as there are


class Candidate(NamedTuple):
    """A layer, or the base, and how likely it is the right one."""

    layer: str
    confidence: float


@dataclass(frozen=True)
class Route:
    """Who answers, in the spelling that `model` takes: a layer, a blend of two, or the base."""

    layer: str
    confidence: float
    runners_up: tuple[Candidate, ...] = ()


class Finder:
    """Finds among the layers with these profiles, by name. One thread at a time."""

    def __init__(self, profiles: Mapping[str, str]) -> None:
        """At least one.

        Raises:
            DamagedError: one cannot be read.

        """
        self._known: Mapping[str, str] = {}
        self._numbers: dict[str, int] = {}
        self._index = Index()
        self.learn(profiles)

    def learn(self, profiles: Mapping[str, str]) -> None:
        """These are the layers now: what is new or another is read, and nothing else.

        Raises:
            DamagedError: one cannot be read.

        """
        if profiles == self._known:
            return
        if self._index.n_layers > 2 * len(profiles) + _GONE:  # most are of layers that went
            self._known, self._index = {}, Index()
        numbers = {
            name: self._numbers[name]
            if self._known.get(name) == text
            else self._index.add(profile.read(text))
            for name, text in profiles.items()
        }
        self._index.choose(list(numbers.values()))
        self._known, self._numbers, self._names = dict(profiles), numbers, tuple(profiles)

    def route(self, turns: Sequence[str]) -> Route:
        """Who answers the last of what a person said in a conversation."""
        met = self._index.meet(asked(turns))
        known, near = met.known, met.near
        ranks = known / max(known.max(), 1e-9) + _WHOLE * near / max(near.max(), 1e-9)
        first = int(ranks.argmax())
        some = 1 / (1 + np.exp((_LEAST - known[first]) / _SURE))  # that any layer is right
        shares = np.exp((ranks - ranks[first]) / _APART)
        shares *= some / shares.sum()
        order = np.argsort(-shares, kind="stable")[: _SHOWN + 1]
        candidates = [Candidate(self._names[one], _rounded(shares[one])) for one in order]
        nobody = Candidate(BASE, _rounded(1 - some))
        if known[first] < _LEAST:
            return Route(*nobody, tuple(candidates[:_SHOWN]))
        more = met.more(first)
        second = int(more.argmax())
        others = sorted([*candidates[1:], nobody], key=lambda one: -one.confidence)
        runners_up = tuple(others[:_SHOWN])
        if more[second] < _ADDS:
            return Route(*candidates[0], runners_up)
        name = f"{self._names[first]}:0.5+{self._names[second]}:0.5"
        return Route(name, candidates[0].confidence, runners_up)


def asked(turns: Sequence[str]) -> dict[str, float]:
    """The telling words of a conversation's last turns, the latest one's weighing most."""
    found: dict[str, float] = defaultdict(float)
    for back, turn in enumerate(reversed(turns[-_TURNS:])):
        for term in terms(turn[:_CHARACTERS]):
            found[term] = max(found[term], _EARLIER**back)
    return dict(found)


def _rounded(value: float) -> float:
    return round(float(value), 3)
