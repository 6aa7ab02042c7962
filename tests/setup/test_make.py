"""The Makefile: what each target runs, and that a failure comes out at the end."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def make(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Make, with nothing to set up."""
    command = ["/usr/bin/make", "--no-print-directory", "-o", ".venv/.ready", *arguments]
    return subprocess.run(
        command,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    """A folder of programs in place of .venv/bin, each ending as its variable says."""
    for name in ("pytest", "ruff", "mypy", "lint-imports"):
        program = tmp_path / name
        variable = name.replace("-", "_").upper()
        program.write_text(f'#!/bin/sh\nenv\necho "ran {name} $*"\nexit ${{{variable}:-0}}\n')
        program.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("target", ["unit", "slow", "gpu"])
@pytest.mark.parametrize("code", [1, 2, 5])
def test_tests_that_fail_or_are_none_fail_the_target(
    target: str, code: int, stand_in: Path
) -> None:
    assert make(target, f"BIN={stand_in}", PYTEST="0").returncode == 0
    assert make(target, f"BIN={stand_in}", PYTEST=str(code)).returncode != 0


@pytest.mark.parametrize("tool", ["RUFF", "MYPY", "LINT_IMPORTS"])
def test_a_check_that_fails_fails_the_target(tool: str, stand_in: Path) -> None:
    assert make("check", f"BIN={stand_in}").returncode == 0
    assert make("check", f"BIN={stand_in}", **{tool: "1"}).returncode != 0


def test_programs_of_the_tests_pin_their_threads_and_keep_their_bytecode(stand_in: Path) -> None:
    said = make("unit", f"BIN={stand_in}", PYTHONDONTWRITEBYTECODE="1").stdout

    assert "OMP_NUM_THREADS=1" in said
    assert "PYTHONDONTWRITEBYTECODE" not in said


def test_ci_runs_the_test_command_of_the_readme_and_nothing_else() -> None:
    runs = (ROOT / ".ci/run").read_text().splitlines()[-1]

    assert runs == "make test"
    assert f"{runs}\n" in (ROOT / "README.md").read_text()


def test_the_hooks_before_a_commit_are_what_make_check_runs() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]

    entries = [hook["entry"] for repository in hooks for hook in repository["hooks"]]

    assert entries == make("check", "--dry-run").stdout.splitlines()
    assert {repository["repo"] for repository in hooks} == {"local"}  # nothing is fetched


def test_the_hooks_are_in_a_form_that_pre_commit_reads() -> None:
    pre_commit = Path(sys.executable).with_name("pre-commit")

    subprocess.run([pre_commit, "validate-config", ROOT / ".pre-commit-config.yaml"], check=True)
