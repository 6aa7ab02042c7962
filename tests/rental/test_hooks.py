"""Commands and addresses instead of RunPod, and where the key goes."""

import logging
import sys
from pathlib import Path

import pytest
from rented import Rented
from runpod import KEY, RunPodApi

from lamina.errors import BusyError, InvalidInputError
from lamina.rental.hooks import lessor
from lamina.rental.keeper import Seen
from lamina.settings import load


def test_commands_start_and_stop_another_pod(tmp_path: Path) -> None:
    command = f"touch '{tmp_path}/a b'"
    custom = lessor(load(gpu_start=command, gpu_stop=f"rm '{tmp_path}/a b'"))

    custom.start()
    assert (tmp_path / "a b").exists()
    custom.stop()

    assert not (tmp_path / "a b").exists()


def test_addresses_start_and_stop_another_pod(runpod: RunPodApi) -> None:
    pod = f"{runpod.url}/pods/xedezhzb9la3ye"
    custom = lessor(load(gpu_start=f"{pod}/start", gpu_stop=f"{pod}/stop", gpu_key=KEY))

    custom.start()
    assert runpod.state == "RUNNING"
    custom.stop()

    assert runpod.state == "EXITED"


def test_a_command_that_fails_says_its_last_line_without_the_key() -> None:
    words = f"import sys; sys.exit('no GPU is free for {KEY}')"
    custom = lessor(load(gpu_start=f'{sys.executable} -c "{words}"', gpu_stop="true", gpu_key=KEY))

    with pytest.raises(BusyError, match=r"failed with code 1 \(no GPU is free for \*\*\*\)"):
        custom.start()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"gpu_start": "true"}, "LAMINA_GPU_STOP is not set"),
        ({"gpu_pod": "x"}, "RUNPOD_API_KEY is not set"),
        (
            {"gpu_start": "true", "gpu_stop": "true", "gpu_cap_day": 5},
            "set LAMINA_GPU_PRICE_PER_HOUR",
        ),
    ],
)
def test_what_is_missing_is_said_before_anything_starts(
    given: dict[str, object], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RUNPOD_API_KEY", raising=False)

    with pytest.raises(InvalidInputError, match=said):
        lessor(load(**given))


def test_the_key_is_in_no_log_no_ledger_and_no_sentence(
    rented: Rented, runpod: RunPodApi, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = "rpa_WRONG"
    with caplog.at_level(logging.DEBUG):
        rented.after(0, Seen(due=1))
        rented.after(16, Seen(due=1))
        rented.terms = rented.terms.model_copy(
            update={"gpu_key": type(rented.terms.gpu_key)(wrong)}
        )
        told = rented.after(10, Seen(due=1))

    assert "HTTP 401 (Unauthorized: Bearer ***)" in told.trouble
    written = caplog.text + rented.path.read_text() + " ".join(rented.said)
    assert "POST" in written
    assert KEY not in written
    assert wrong not in written
    assert runpod.changes == ["start", "stop"]
