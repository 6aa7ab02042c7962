"""A running server's figures, as /metrics tells them."""

import time

import httpx


def figures(url: str) -> dict[str, float]:
    text = httpx.get(f"{url}/metrics", trust_env=False).text
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def until(url: str, *, busy: bool, looks: int = 1) -> dict[str, float]:
    """The figures once the server is busy, or idle, at so many looks in a row."""
    seen: list[bool] = []
    for _ in range(6000):
        now = figures(url)
        seen.append(now["lamina_running"] + now["lamina_waiting"] > 0)
        if len(seen) >= looks and set(seen[-looks:]) == {busy}:
            return now
        time.sleep(0.01)
    msg = f"the server did not become {'busy' if busy else 'idle'}"
    raise AssertionError(msg)
