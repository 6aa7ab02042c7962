"""`lamina doctor --swap` against the running server."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lamina import settings
from lamina.doctor.swap import examine_swap, swap
from lamina.layer_server import Heard

LAMINA = [sys.executable, "-c", "from lamina.cli import main; main()"]


def test_the_running_server_proves_it(server_url: str, tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LAMINA_")}
    ended = subprocess.run(
        [*LAMINA, "doctor", "--swap"],
        cwd=tmp_path,
        env={**kept, "LAMINA_SERVER_URL": server_url},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "base -> A:1 -> B:1 -> A:1 -> base: as fresh" in ended.stdout


def test_where_no_server_answers_the_remedy_is_named() -> None:
    finding = examine_swap(settings.load(server_url="http://127.0.0.1:9"))

    assert finding.level == "problem"
    assert "start `lamina serve`" in finding.remedy


def visited(*, identical: bool, effect: float) -> dict:
    visits = [{"model": "base", "identical": True}, {"model": "A:1", "identical": identical}]
    return {"ok": identical and effect > 0, "smallest_effect_of_layers": effect, "visits": visits}


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        (Heard(200, visited(identical=False, effect=1.0)), "A:1 answered otherwise"),
        (Heard(400, {"error": {"message": "there is no layer; put one there"}}), "is no layer"),
        (Heard(401, {"error": {"message": "no"}}), "another key"),
        (Heard(404, None), "status 404"),
    ],
)
def test_whatever_fails_is_a_problem_with_a_remedy(heard: Heard, said: str) -> None:
    finding = swap("http://127.0.0.1:5000", heard)

    assert finding.level == "problem"
    assert said in finding.sentence
    assert finding.remedy


def test_layers_that_change_nothing_are_a_warning_and_no_fault_of_the_server() -> None:
    finding = swap("http://127.0.0.1:5000", Heard(200, visited(identical=True, effect=0.0)))

    assert finding.level == "warning"
    assert "no difference" in finding.sentence
