"""Whether this pod's clock agrees with that of Prefect's server.

A worker asks for the runs that are due by its own clock, and runs say by theirs when they lived. So
one that is late takes runs late, and its living runs are given up.
"""

import time
from email.utils import parsedate_to_datetime

import httpx

from lamina.doctor.finding import Finding, ok, problem
from lamina.layer_server import NO_ANSWER, client

MAX_OFF_S = 60.0  # heartbeats come every 30 s, and six may be missed


def off_by_s(prefect_api_url: str) -> float | None:
    """Seconds that this clock is ahead of the server's; None where that cannot be told."""
    try:
        with client("", timeout=httpx.Timeout(10.0)) as asking:
            said = asking.get(f"{prefect_api_url.rstrip('/')}/health").headers["Date"]
        return time.time() - parsedate_to_datetime(said).timestamp()
    except (*NO_ANSWER, KeyError, ValueError):
        return None


def clock(off_s: float | None) -> Finding | None:
    """This pod's clock beside the server's; None where there is nothing to compare with."""
    if off_s is None:
        return None
    if abs(off_s) <= MAX_OFF_S:
        return ok("clock", "it agrees with that of Prefect's server")
    side = "ahead of" if off_s > 0 else "behind"
    return problem(
        "clock",
        f"this pod's clock is {abs(off_s) / 60:.0f} min {side} that of Prefect's server",
        "set the clock of the machine that is wrong; no jobs are taken until then",
    )
