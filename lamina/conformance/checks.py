"""The checks, each one promise of a server that keeps layers apart."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import httpx

from lamina.conformance.crowds import disconnects, together
from lamina.conformance.server import Json, NotOfferedError, RefusedError, meet
from lamina.conformance.stand import BEGINNING, FailedError, Stand, prompt_of
from lamina.errors import InvalidInputError

_PLACES = 200  # letters of an answer that a sentence quotes at most


@dataclass(frozen=True)
class Result:
    """What one check found, in one sentence."""

    check: str
    verdict: Literal["pass", "fail", "not offered"]
    sentence: str


def check_server(
    http: httpx.Client, layers: tuple[str, ...], alien: str | None = None
) -> Iterator[Result]:
    """Every check of this server's two first layers, as they are done.

    `alien` is a name under which it lists a layer of another base.

    Raises:
        LaminaError: there is no server of these layers, or it does not answer.

    """
    if len(set(layers)) < 2:  # noqa: PLR2004 - two to swap
        msg = "a swap needs two layers; name them like --layers A,B"
        raise InvalidInputError(msg)
    server = meet(http, layers)
    stand = Stand(server, layers[0], layers[1])
    checks: tuple[tuple[str, Callable[[Stand], str]], ...] = (
        ("layers answer", Stand.layers_answer),
        ("swap", _swap),
        ("A-B-A", _there_and_back),
        ("zero scale", _zero_scale),
        ("blends", _blends),
        ("cache contamination", _shared_beginnings),
        ("no choice after a choice", _no_choice),
        ("at the same time", together),
        ("disconnects", disconnects),
        ("unknown name", _unknown_name),
        ("wrong base", lambda stand: _wrong_base(stand, alien)),
    )
    for name, check in checks:
        yield _run(name, check, stand)


def _run(name: str, check: Callable[[Stand], str], stand: Stand) -> Result:
    try:
        return Result(name, "pass", check(stand))
    except NotOfferedError as error:
        return Result(name, "not offered", str(error) or "this server has no words for it")
    except FailedError as error:
        return Result(name, "fail", str(error))
    except RefusedError as error:
        return Result(name, "fail", f"the server refused an ordinary request: {error}")


def _swap(stand: Stand) -> str:
    """Every change from one to another."""
    count = 0
    for ending, prompt in stand.prompts():
        for who in (*stand.sets, *reversed(stand.sets)):
            stand.expect(ending, who, stand.ask(prompt, who), "after a swap")
            count += 1
    return f"{count} answers over {count - 1} swaps are the cold ones, letter for letter"


def _there_and_back(stand: Stand) -> str:
    """A, B, A on prompts that nobody has seen: the first answer is cold by its place."""
    one, two = stand.one, stand.two
    count = 0
    for number, (ending, _) in enumerate(stand.prompts()):
        prompt = prompt_of("there and back", number, ending)
        first = stand.ask(prompt, one)
        if stand.ask(prompt, one) != first:  # it hangs on rounding
            continue
        stand.ask(prompt, two)
        again = stand.ask(prompt, one)
        count += 1
        if first != again:
            msg = f"{one} answered {again[:_PLACES]!r} after {two}, {first[:_PLACES]!r} before"
            raise FailedError(msg)
    return f"{one} answers {count} new prompts after {two} as before it"


def _zero_scale(stand: Stand) -> str:
    """A layer at strength 0 is no layer."""
    chosen = stand.server.chosen({stand.one: 0.0})
    for ending, prompt in stand.prompts():
        if stand.server.base is None:  # it is asked for the base by strengths of 0, too
            if not stand.server.bare_default:
                msg = "its default is not the base; start it with --lora-init-without-apply"
                raise NotOfferedError(msg)
            plain = stand.server.answer(prompt, {}, cold=True)
            stand.expect(ending, "the base", plain, "asked without a choice")
        said = stand.server.answer(prompt, chosen)
        stand.expect(ending, "the base", said, "with a layer at strength 0")
    return f"{stand.one} at strength 0 says what the base says"


def _blends(stand: Stand) -> str:
    """Strengths count, order does not."""
    one, two = stand.one, stand.two
    half = stand.server.chosen({one: 0.5, two: 0.5})
    turned = stand.server.chosen({two: 0.5, one: 0.5})
    compared = different = 0
    for ending, prompt in stand.prompts():
        said = stand.server.answer(prompt, half)
        if stand.server.answer(prompt, half) != said:  # it hangs on rounding
            continue
        compared += 1
        if said != stand.server.answer(prompt, turned):
            msg = f"{one} and {two} answer otherwise in the other order"
            raise FailedError(msg)
        different += said not in {stand.cold[ending, who] for who in stand.sets}
    if not compared:
        msg = "the blend's answers all hang on rounding"
        raise NotOfferedError(msg)
    if not different:
        msg = f"half of {one} and half of {two} only ever answer as one of them or the base"
        raise FailedError(msg)
    return f"half of {one} and half of {two} answer in a way of their own, in either order"


def _shared_beginnings(stand: Stand) -> str:
    """A beginning that another layer has just evaluated is not taken over."""
    count = 0
    for ending, prompt in stand.prompts():
        for who in stand.sets:
            for other in stand.sets:
                if other != who:
                    stand.ask(prompt + " It depends on", other)  # longer: all of it is kept
                    said = stand.ask(prompt, who)
                    stand.expect(ending, who, said, f"after {other} had read the same text")
                    count += 1
    return f"{count} prompts that another one had just read were answered as if cold"


def _no_choice(stand: Stand) -> str:
    """Who names no layer gets the default, and nothing of the request before."""
    for ending, prompt in stand.prompts():
        try:
            plain = stand.server.answer(prompt, {}, cold=True)
        except RefusedError as error:
            msg = f"every request has to choose: {error}"
            raise NotOfferedError(msg) from error
        for who in (*stand.sets,)[1:]:
            stand.ask(prompt, who)
            said = stand.server.answer(prompt, {})
            if said != plain:
                what = "as that layer" if said == stand.cold[ending, who] else "otherwise"
                msg = f"a request without a choice was answered {what} after one for {who}"
                raise FailedError(msg)
    return "requests that choose nothing are answered alike, whoever came before"


def _unknown_name(stand: Stand) -> str:
    """A layer that is not there is an error, never somebody else's answer."""
    server = stand.server
    strange = max(server.numbers.values(), default=0) + 1000
    chosen: Json = {"lora": [{"id": strange, "scale": 1.0}]}
    if server.base is not None:
        chosen = {"model": "no-such-layer"}
    return _refused(stand, chosen, "a layer that is not there")


def _wrong_base(stand: Stand, alien: str | None) -> str:
    """A layer of another base is an error, too."""
    if alien is None:
        msg = "no layer of another base was named (--alien)"
        raise NotOfferedError(msg)
    if stand.server.base is None and alien not in stand.server.numbers:
        msg = f"the server does not list {alien}: it can only have refused it at its start"
        raise NotOfferedError(msg)
    return _refused(stand, stand.server.chosen({alien: 1.0}), f"{alien}, of another base,")


def _refused(stand: Stand, chosen: Json, what: str) -> str:
    try:
        said = stand.server.answer(BEGINNING, chosen)
    except RefusedError as error:
        return f"{what} is refused: {error}"[:300]
    msg = f"{what} was answered as if nothing were wrong: {said[:_PLACES]!r}"
    raise FailedError(msg)
