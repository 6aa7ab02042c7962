"""A pod whose clock is wrong, beside a server whose clock is right."""

import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from loopback import listening

from lamina.doctor.clock import clock, off_by_s

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    """An address that tells the time, as every HTTP server does."""

    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

    with listening(Health) as url:
        yield f"{url}/api"


@pytest.fixture(scope="module")
def faketime() -> str:
    """The library that gives a process another clock."""
    found = [str(path) for path in Path("/usr/lib").glob("*/faketime/libfaketime.so.1")]
    if not found:
        pytest.skip("no libfaketime here; `make services` installs it")
    return found[0]


@pytest.mark.parametrize(("shift", "said"), [("-1h", "60 min behind"), ("+1h", "60 min ahead of")])
def test_a_worker_takes_no_jobs_by_a_clock_that_is_off_by_an_hour(
    api: str, faketime: str, shift: str, said: str
) -> None:
    command = [sys.executable, ROOT / "deployments" / "worker.py", "--pool", "gpu-pool"]
    environment = {
        "LD_PRELOAD": faketime,
        "FAKETIME": shift,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "PREFECT_API_URL": api,
    }
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as worker:
        assert worker.stderr
        told = worker.stderr.readline()
        ended = worker.poll()
        worker.kill()

    assert ended is None
    assert told == (
        f"this pod's clock is {said} that of Prefect's server; "
        "set the clock of the machine that is wrong; no jobs are taken until then\n"
    )


def test_a_clock_that_agrees_is_well(api: str) -> None:
    found = clock(off_by_s(api))

    assert found
    assert found.level == "ok"


def test_where_no_server_answers_nothing_is_said_of_the_clock() -> None:
    assert clock(off_by_s("http://127.0.0.1:9/api")) is None
