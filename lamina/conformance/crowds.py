"""Checks with several clients: at the same time, and such as leave in the middle."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from lamina.conformance.stand import FailedError, Stand, prompt_of
from lamina.errors import BusyError
from lamina.layer_server import NO_ANSWER

_LEAVING, _AT_ONCE = 4, 8
_PLACES = 80  # letters of an answer that a sentence quotes at most
Asks = list[tuple[str, str]]  # a prompt, and who is asked


def together(stand: Stand) -> str:
    """Requests of several layers run at the same time."""

    def ask(asks: Asks) -> list[str]:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return [*pool.map(lambda one: stand.ask(*one), asks)]

    return _mixed(stand, "at once", ask, f"asked {_AT_ONCE} at a time")


def disconnects(stand: Stand) -> str:
    """Clients that leave in the middle leave nothing behind."""

    def ask(asks: Asks) -> list[str]:
        for number, (prompt, who) in enumerate(asks[:_LEAVING]):
            stand.server.leave_early(prompt, stand.sets[who], after_parts=number % 3)
        return [stand.ask(*one) for one in asks]

    try:
        return _mixed(stand, "left", ask, f"after {_LEAVING} clients left in mid-stream")
    except NO_ANSWER as error:
        msg = f"a stream broke before the client left it ({error})"
        raise FailedError(msg) from error
    except BusyError as error:
        msg = f"after {_LEAVING} clients left in mid-stream: {error}"
        raise FailedError(msg) from error


def _mixed(stand: Stand, use: str, ask: Callable[[Asks], list[str]], when: str) -> str:
    """Whether answers are the cold ones as often as where one layer is asked alone.

    Steps of other sizes round otherwise, and thin leads turn round with them, layers or not: only
    what comes on top of that is a leak.
    """

    def others(label: str, *sets: str) -> tuple[int, list[str]]:
        pairs = enumerate(stand.prompts())
        prompts = [prompt_of(f"{use}, {label}", number, ending) for number, (ending, _) in pairs]
        asks = [(prompt, who) for prompt in prompts for who in sets]
        cold = [stand.ask(*one, cold=True) for one in asks]
        told = zip(asks, cold, ask(asks), strict=True)
        return len(asks), [
            f"{who} said {said[:_PLACES]!r} instead of {wanted[:_PLACES]!r}"
            for (_, who), wanted, said in told
            if said != wanted
        ]

    alone = sum(len(others(f"{number} alone", who)[1]) for number, who in enumerate(stand.sets))
    count, found = others("all", *stand.sets)
    counted = f"{len(found)} of {count} answers {when} are not the cold ones"
    beside = f"({alone} of {count} where each layer was asked alone)"
    if len(found) > alone:
        msg = f"{counted} {beside}: {found[0]}"
        raise FailedError(msg)
    return f"{counted} {beside}"
