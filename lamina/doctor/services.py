"""The layer server and its port, and Prefect's API."""

import socket
from collections.abc import Mapping
from pathlib import Path

from lamina.doctor.clock import clock, off_by_s
from lamina.doctor.finding import Finding, ok, problem, warning
from lamina.layer_server import Heard, hear
from lamina.settings import Settings

_LIMIT_S = 3.0


def server(url: str, health: Heard, ready: Heard, *, wanted: bool) -> Finding:
    """The layer server at its address; `wanted` says that the settings name it."""
    named = health.well and isinstance(health.body, Mapping) and health.body.get("status") == "ok"
    if not named:
        if health.status is None and not wanted:
            return ok("server", f"none runs at {url}; `lamina serve` starts one")
        found = "no server answers" if health.status is None else "another program answers"
        return problem(
            "server", f"{found} at {url}", "start `lamina serve`, or correct LAMINA_SERVER_URL"
        )
    if not ready.well:
        return warning(
            "server", f"the server at {url} is up but not ready", "wait, and look at its log"
        )
    return ok("server", f"the server at {url} is ready")


def port(host: str, number: int, *, ours: bool, free: bool) -> Finding:
    """The port that `lamina serve` would bind."""
    if ours:
        return ok("port", f"Lamina's server holds {host}:{number}")
    if free:
        return ok("port", f"{host}:{number} is free" if number else "any free port will do")
    return problem(
        "port",
        f"another program holds {host}:{number}",
        "stop it, or choose another port with LAMINA_PORT",
    )


def served_layers(listed: Heard, files: Mapping[str, Path]) -> Finding | None:
    """Whether a running server lists every layer file; None where that cannot be asked."""
    if listed.status == 401:  # noqa: PLR2004 - HTTP's own number
        return warning("served layers", "the server wants another key", "set LAMINA_API_KEY")
    if not listed.well or not isinstance(listed.body, list):
        return None
    known = {str(entry.get("name")): entry for entry in listed.body if isinstance(entry, Mapping)}
    if missing := sorted(files.keys() - known.keys()):
        return warning(
            "served layers",
            f"the server does not list {', '.join(missing)}",
            "restart it, or load them with POST /lora-adapters",
        )
    if ill := [name for name, entry in known.items() if entry.get("problem")]:
        said = f"the server cannot use {', '.join(ill)}: {known[ill[0]]['problem']}"
        return problem("served layers", said, "export the layer again, or take it away")
    return ok("served layers", f"the server lists {len(known)}")


def prefect(url: str | None, health: Heard) -> Finding:
    """Prefect's API, where one is named."""
    if url is None:
        return ok("prefect", "no PREFECT_API_URL: flows run without a Prefect server")
    if health.status is None:
        return problem(
            "prefect",
            f"no Prefect API answers at {url}",
            "start it with `prefect server start`, or correct PREFECT_API_URL",
        )
    if not health.well:
        return problem(
            "prefect",
            f"the address {url} answers with status {health.status}",
            "check that PREFECT_API_URL ends in /api, and PREFECT_API_KEY",
        )
    return ok("prefect", f"Prefect's API answers at {url}")


def examine_services(
    settings: Settings, adapters: Path, prefect_api_url: str | None
) -> list[Finding]:
    """Ask, and judge; nothing is started."""
    url = server_url(settings)
    key = settings.api_key.get_secret_value() if settings.api_key else None
    health, ready = _ask(f"{url}/health"), _ask(f"{url}/ready")
    line = server(url, health, ready, wanted=settings.server_url is not None)
    own = health if url == _own_url(settings) else _ask(f"{_own_url(settings)}/health")
    ours = own.well and isinstance(own.body, Mapping) and "status" in own.body
    files = {path.stem: path for path in adapters.glob("*.gguf")}
    prefect_health = _ask(f"{prefect_api_url.rstrip('/')}/health") if prefect_api_url else Heard()
    found = [
        port(settings.host, settings.port, ours=ours, free=_free(settings.host, settings.port)),
        line,
        served_layers(_ask(f"{url}/lora-adapters", key), files) if health.well else None,
        prefect(prefect_api_url, prefect_health),
        clock(off_by_s(prefect_api_url)) if prefect_api_url and prefect_health.well else None,
    ]
    return [finding for finding in found if finding is not None]


def server_url(settings: Settings) -> str:
    """Where the layer server is asked: the named address, else this pod's own."""
    return (settings.server_url or _own_url(settings)).rstrip("/")


def _own_url(settings: Settings) -> str:
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::", ""} else settings.host  # noqa: S104
    return f"http://{host}:{settings.port}"


def _ask(url: str, key: str | None = None) -> Heard:
    return hear(url, key, within_s=_LIMIT_S)


def _free(host: str, number: int) -> bool:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, number))
    except OSError:
        return False
    return True
