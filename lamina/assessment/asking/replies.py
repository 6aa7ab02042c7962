"""What the server's replies mean: the only place that knows their shape. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isclose
from typing import Any, TypeAlias

from lamina.assessment.exam.blend import AUTO, BASE, Blend
from lamina.errors import LaminaError, MismatchError

LAYERS_HEADER = "X-Lamina-Layers"
Score: TypeAlias = tuple[float, int]  # log-probability in nats, number of tokens


@dataclass(frozen=True, slots=True)
class ServedBase:
    """The base that a server runs."""

    digest: str  # or its fingerprint; both are the same for every quantization of one base
    slots: int  # requests that run at the same time
    name: str = ""  # as its file says; the same base may bear several


def served_base(reply: Mapping[str, Any], url: str) -> ServedBase:
    """The base of `GET /v1/models`.

    Raises:
        MismatchError: the server does not say which base it is.

    """
    entries = reply.get("data", [])
    base: Mapping[str, Any] = next((one for one in entries if one.get("id") == "base"), {})
    facts = base.get("lamina") or {}
    digest = facts.get("digest") or facts.get("fingerprint")
    if not digest:
        msg = f"the server at {url} does not say which base it serves; update it"
        raise MismatchError(msg)
    return ServedBase(str(digest), int(facts.get("slots") or 1), str(facts.get("name") or ""))


@dataclass(frozen=True, slots=True)
class KnownLayer:
    """A layer that the server can put on."""

    name: str
    digest: str  # sha256 of the layer's file
    scale: float  # in the default blend; 0 = not in it
    problem: str = ""  # why it cannot be put on; empty = it can


def known_layers(reply: Mapping[str, Any]) -> tuple[KnownLayer, ...]:
    """The layers of `GET /lora-adapters`."""
    return tuple(
        KnownLayer(
            name=str(entry["name"]),
            digest=str(entry.get("digest") or ""),
            scale=float(entry.get("scale") or 0.0),
            problem=str(entry.get("problem") or ""),
        )
        for entry in reply.get("data", [])
    )


def finds_layers(reply: Mapping[str, Any]) -> bool:
    """Whether `auto` of `GET /v1/models` is neither a layer nor a saved blend of that name."""
    return any(one.get("id") == one.get("root") == AUTO for one in reply.get("data", []))


def found_by(header: str | None, url: str) -> Blend:
    """Who answers, by a response's header: `name:scale@digest,...`, or `base`.

    Raises:
        MismatchError: the server does not say.

    """
    if not header:
        msg = f"the server at {url} does not say whom it found; update it"
        raise MismatchError(msg)
    named = [] if header == BASE else [one.rpartition("@")[0] for one in header.split(",")]
    parts = (one.rpartition(":") for one in named)
    return Blend(tuple((name, float(scale)) for name, _, scale in parts))


@dataclass(slots=True)
class Heard:
    """What has come of a chat stream so far."""

    pieces: list[str] = field(default_factory=list)
    first_s: float | None = None  # when the first text came
    n_prompt_tokens: int = 0
    n_tokens: int = 0
    finish: str = ""
    layers: Mapping[str, Any] | None = None  # the `lamina` field

    def take(self, event: Mapping[str, Any], at_s: float) -> None:
        """Take in one event that arrived `at_s` after the request was sent.

        Raises:
            LaminaError: the server reports an error in mid-stream.

        """
        if "error" in event:
            error = event["error"]
            said = error.get("message", error) if isinstance(error, Mapping) else error
            msg = f"the server failed in mid-answer: {said}; look at its log"
            raise LaminaError(msg)
        for choice in event.get("choices", []):
            piece = (choice.get("delta") or {}).get("content")
            if piece:
                self.first_s = at_s if self.first_s is None else self.first_s
                self.pieces.append(piece)
                self.n_tokens += 1  # a guess that `usage` corrects
            self.finish = choice.get("finish_reason") or self.finish
        if usage := event.get("usage"):
            self.n_prompt_tokens = int(usage.get("prompt_tokens", 0))
            self.n_tokens = int(usage.get("completion_tokens", self.n_tokens))
        self.layers = event.get("lamina") or self.layers


def was_answered_by(said: Mapping[str, Any] | None, blend: Blend, url: str) -> None:
    """Hold what the server says did answer against what was asked for.

    Raises:
        MismatchError: other layers or scales answered, or the server does not say.

    """
    if said is None or "layers" not in said:
        msg = f"the server at {url} does not say which layers answered; measure a Lamina server"
        raise MismatchError(msg)
    layers = said["layers"]
    answered = {str(layer["name"]): float(layer.get("scale", 1.0)) for layer in layers}
    if not _same(answered, dict(blend.parts)):
        got = Blend(tuple(answered.items())).name
        msg = (
            f"asked {blend.name} but {got} answered on {url}; another client may have changed the "
            "default blend: keep it still and run again"
        )
        raise MismatchError(msg)


def _same(answered: Mapping[str, float], asked: Mapping[str, float]) -> bool:
    if answered.keys() != asked.keys():
        return False
    return all(isclose(answered[name], asked[name], rel_tol=1e-6) for name in asked)


def scored(reply: Mapping[str, Any], n_texts: int) -> list[Score]:
    """Log-probability in nats and number of tokens of each text of a `/v1/score` reply.

    Raises:
        LaminaError: the reply does not hold one result for each text.

    """
    return [_score(result) for result in _results(reply, n_texts)]


def scored_together(reply: Mapping[str, Any], n_candidates: Sequence[int]) -> list[list[Score]]:
    """The same for items with candidates, of which each has so many.

    Raises:
        LaminaError: the reply does not hold one result for each candidate.

    """
    results = _results(reply, len(n_candidates))
    found = [[_score(one) for one in result.get("candidates") or []] for result in results]
    if [len(scores) for scores in found] != list(n_candidates):
        msg = "the server does not score candidates; update it, or ask another one"
        raise LaminaError(msg)
    return found


def _results(reply: Mapping[str, Any], count: int) -> Sequence[Mapping[str, Any]]:
    results: Sequence[Mapping[str, Any]] = reply.get("data") or []
    if len(results) != count:
        msg = f"the server scored {len(results)} of {count} texts; look at its log"
        raise LaminaError(msg)
    return results


def _score(result: Mapping[str, Any]) -> Score:
    return round(float(result["logprob"]), 6), int(result["n_tokens"])
