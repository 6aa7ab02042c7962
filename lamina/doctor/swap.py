"""Asks a running layer server to prove that a swap of layers leaves nothing behind."""

from collections.abc import Mapping, Sequence

from lamina.doctor.finding import Finding, ok, problem, warning
from lamina.doctor.services import server_url
from lamina.layer_server import Heard, complaint, hear
from lamina.settings import Settings

_NAME = "layer swap"
_LIMIT_S = 600.0  # the test waits for running requests, then reads a short prompt ten times


def swap(url: str, heard: Heard) -> Finding:
    """What the server's own test, POST /selftest/swap, proved."""
    if heard.status is None:
        return problem(
            _NAME, f"no server answered at {url}", "start `lamina serve`, or set LAMINA_SERVER_URL"
        )
    body = heard.body if isinstance(heard.body, Mapping) else {}
    if heard.status == 401:  # noqa: PLR2004 - HTTP's own number
        return problem(_NAME, "the server wants another key", "set LAMINA_API_KEY")
    if not heard.well or "ok" not in body:
        said = complaint(body) or f"the address answered with status {heard.status}"
        sentence, _, remedy = said.partition("; ")
        return problem(_NAME, sentence, remedy or "check that LAMINA_SERVER_URL is Lamina's server")
    visits: Sequence[Mapping[str, object]] = body["visits"]
    way = " -> ".join(str(visit["model"]) for visit in visits)
    if body["ok"]:
        effect = float(body["smallest_effect_of_layers"])
        return ok(
            _NAME,
            f"{way}: as fresh, logit for logit; a stale layer would move them by {effect:.2g}",
        )
    stale = [str(visit["model"]) for visit in visits if not visit["identical"]]
    if stale:
        said = f"{way}: {', '.join(stale)} answered otherwise than in a fresh context"
        return problem(_NAME, said, "stop this server and do not trust its answers; report it")
    said = f"{way}: these layers make no difference to a logit"
    return warning(_NAME, said, "train them again, or compare others")


def examine_swap(settings: Settings) -> Finding:
    """Have the running server swap, and judge what it says; its other requests wait meanwhile."""
    url = server_url(settings)
    own = settings.admin_key or settings.api_key
    key = own.get_secret_value() if own else None
    return swap(url, hear(f"{url}/selftest/swap", key, method="POST", within_s=_LIMIT_S))
