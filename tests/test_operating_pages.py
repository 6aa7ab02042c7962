"""What the pages for operators name is there: commands, targets, files, settings, services."""

import re
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from lamina.cli import app
from lamina.settings import Settings, names

ROOT = Path(__file__).parents[1]
PAGES = ("docs/runpod.md", "docs/operations.md")
FOLDERS = "docker|deployments|scripts|tests|benchmarks|lamina|docs"


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest) -> str:
    return (ROOT / request.param).read_text()


def typed(page: str) -> str:
    """What a reader would type: blocks, and words in backquotes."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", page)])


@pytest.mark.parametrize("name", [*PAGES, "README.md", "docs/bases.md", "docs/commands.md"])
def test_every_command_exists(name: str) -> None:
    words = r"(?:^|[\s/])lamina (?!\S*[=&{])([a-z][a-z_-]*)"
    commands = set(re.findall(words, typed((ROOT / name).read_text()), re.MULTILINE))
    known = {*get_command(app).commands, "and"}

    assert commands
    assert {name.replace("-", "_") for name in commands} <= known


def test_every_target_of_make_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^|[\s`])make ([a-z-]+)", typed(page), re.MULTILINE))

    assert named
    assert named <= targets


def test_every_file_exists(page: str) -> None:
    text = re.sub(r"https?://\S+", "", page)
    named = set(re.findall(rf"(?<![\w/.])(?:\.\./)?((?:{FOLDERS})/[\w./-]+\w)", text))

    missing = {name for name in named if not (ROOT / name).exists()}
    assert named
    assert missing - {"docker/.env"} == set()


def test_every_setting_is_read_by_somebody(page: str) -> None:
    settings = {name for field in Settings.model_fields for name in names(field)}
    scripts = "".join(
        path.read_text()
        for folder in ("docker", "deployments")
        for path in (ROOT / folder).iterdir()
        if path.is_file()
    )
    code = "".join(path.read_text() for path in (ROOT / "lamina").rglob("*.py"))
    named = set(re.findall(r"\bLAMINA_[A-Z_]+[A-Z]\b", page))

    assert named
    assert {one for one in named - settings if one not in scripts and one not in code} == set()


@pytest.mark.parametrize("name", ["LAMINA_GPU_POD", "LAMINA_GPU_START"])
def test_who_tells_of_late_jobs_knows_that_a_gpu_is_rented(name: str) -> None:
    services = yaml.safe_load((ROOT / "docker/runpod.yaml").read_text())["services"]

    assert services["setup"]["environment"][name] == f"${{{name}:-}}"
    assert services["cpu"]["environment"][name] == f"${{{name}:-}}"


def test_the_rented_gpus_machine_has_every_service_that_is_started() -> None:
    page = (ROOT / "docs/runpod.md").read_text()
    files = [
        yaml.safe_load((ROOT / "docker" / one).read_text())
        for one in ("compose.yaml", "runpod.yaml")
    ]
    services = {name for one in files for name in one["services"]}
    started = {name for line in re.findall(r" up -d (.*)", page) for name in line.split()}

    assert {"caddy", "registry", "cpu"} <= started <= services
