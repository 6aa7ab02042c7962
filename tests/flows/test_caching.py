"""The same content never costs twice: across runs, processes, renames; and damage is mended."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from prefect import flow
from prefect.states import State

from tasks.caching import Stored
from tests.flows.probe_tasks import Paper, count, read

Run = Callable[..., tuple[Stored, list[str]]]


@pytest.fixture
def run(pod: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the chain as a flow; what it gave, and which stages did their work in this run."""
    del pod
    log = tmp_path / "log"
    monkeypatch.setenv("PROBE_LOG", str(log))

    @flow
    def chain(paper: Paper, unit: str) -> Stored:
        return count(read(paper), unit)

    def go(paper: Paper, unit: str = "words") -> tuple[Stored, list[str]]:
        log.write_text("")
        result = chain(paper, unit)
        return result, log.read_text().split()

    return go


@pytest.fixture
def paper(tmp_path: Path) -> Paper:
    path = tmp_path / "paper.txt"
    path.write_text("leases are fun")
    return Paper.at(path)


def test_nothing_runs_when_nothing_changed(run: Run, paper: Paper) -> None:
    first, worked = run(paper)
    assert worked == ["read", "count"]

    assert run(paper) == (first, [])


def test_a_renamed_file_is_the_same_content(run: Run, paper: Paper) -> None:
    run(paper)
    moved = paper.path.rename(paper.path.with_name("renamed.txt"))

    assert run(Paper.at(moved))[1] == []


def test_changed_content_runs_everything_downstream(run: Run, paper: Paper) -> None:
    run(paper)
    paper.path.write_text("leases are not fun")

    assert run(Paper.at(paper.path))[1] == ["read", "count"]


def test_a_changed_setting_runs_only_the_stage_that_has_it(run: Run, paper: Paper) -> None:
    run(paper)

    assert run(paper, unit="Wörter")[1] == ["count"]


def test_equal_output_keeps_later_stages_cached(run: Run, paper: Paper) -> None:
    run(paper)
    paper.path.write_text("Leases are FUN")

    assert run(Paper.at(paper.path))[1] == ["read"]


def test_a_deleted_artifact_runs_its_stage_again(run: Run, paper: Paper, pod: Path) -> None:
    ref, _ = run(paper)
    (pod / "store" / ref.kind / ref.digest / "count.txt").unlink()

    assert run(paper) == (ref, ["count"])


def test_a_flipped_byte_runs_its_stage_again(run: Run, paper: Paper, pod: Path) -> None:
    ref, _ = run(paper)
    (pod / "store" / ref.kind / ref.digest / "count.txt").write_text("4 words")

    assert run(paper) == (ref, ["count"])


def test_prefect_says_cached_on_a_hit(pod: Path, paper: Paper, run: Run) -> None:
    del pod
    run(paper)

    @flow
    def again() -> str:
        state: State[Stored] = read(paper, return_state=True)
        return str(state.name)

    assert again() == "Cached"


def test_another_process_hits_the_same_cache(run: Run, paper: Paper, tmp_path: Path) -> None:
    run(paper)
    (tmp_path / "log").write_text("")
    script = (
        "from pathlib import Path; from prefect import flow\n"
        "from tests.flows.probe_tasks import Paper, count, read\n"
        "@flow\n"
        "def chain():\n"
        f"    words = read(Paper.at(Path({str(paper.path)!r})), return_state=True)\n"
        "    print(words.name, count(words.result(), 'words', return_state=True).name)\n"
        "chain()"
    )

    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", script]
    printed = subprocess.check_output(command, cwd=root, text=True)

    assert printed.strip() == "Cached Cached"
    assert (tmp_path / "log").read_text() == ""


def test_an_input_without_content_identity_never_shares_a_result(paper: Paper) -> None:
    from tasks.caching import ByContent

    with pytest.raises(TypeError, match="cannot enter a cache key"):
        ByContent().compute_key(None, {"path": paper.path}, {})  # type: ignore[arg-type]
