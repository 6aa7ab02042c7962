"""The images, as far as they can be looked at without a Docker engine."""

import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
DOCKERFILES = sorted((ROOT / "docker").glob("*.Dockerfile"))


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.stem)
def test_the_linter_finds_nothing(path: Path) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")

    found = subprocess.run([hadolint, path], capture_output=True, text=True, check=False)

    assert found.stdout == ""
    assert found.returncode == 0


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.stem)
def test_what_is_copied_is_there_and_not_ignored(path: Path) -> None:
    allowed = [
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    ]
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.*)$", path.read_text(), re.MULTILINE)
        for source in line.split()[:-1]
        if not source.startswith("--") and source != "."
    ]

    assert copied
    for source in copied:
        assert (ROOT / source).exists(), source
        assert any(fnmatch(source, pattern) for pattern in allowed), source


def test_every_role_of_the_compose_file_is_one_that_the_start_script_knows() -> None:
    roles = set(re.findall(r"^    (\w+)\)", (ROOT / "docker/start.sh").read_text(), re.MULTILINE))
    services = yaml.safe_load((ROOT / "docker/compose.yaml").read_text())["services"]

    asked = {service["command"][0] for service in services.values() if "command" in service}

    assert asked == roles == {"server", "setup", "gpu", "cpu"}


@pytest.mark.parametrize("script", ["docker/start.sh", "docker/serve.sh", "deployments/up.sh"])
def test_the_start_scripts_are_sound_shell(script: str) -> None:
    subprocess.run(["/bin/bash", "-n", ROOT / script], check=True)


@pytest.mark.parametrize(
    ("role", "said"),
    [("tpu", "server | setup | gpu | cpu"), ("gpu", "PREFECT_API_URL is not set")],
)
def test_a_pod_that_cannot_start_says_why(role: str, said: str, tmp_path: Path) -> None:
    environment = {"LAMINA_HOME": str(ROOT), "LAMINA_WORKSPACE": str(tmp_path), "PATH": "/usr/bin"}

    ended = subprocess.run(
        ["/bin/bash", ROOT / "docker/start.sh", role],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 2
    assert said in ended.stderr


def test_the_layer_server_waits_for_its_base_and_for_nothing_else(tmp_path: Path) -> None:
    lamina = tmp_path / "lamina"
    lamina.write_text(
        f'#!/bin/sh\n[ "$1" = pull ] && exit 1\necho serve >> {tmp_path}/calls\n'
        f"[ $(wc -l < {tmp_path}/calls) = 1 ] && exit 3\nexit 5\n"
    )
    lamina.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "LAMINA_WAIT_FOR_BASE_S": "0"}

    ended = subprocess.run(
        ["/bin/bash", ROOT / "docker/serve.sh"], env=environment, timeout=20, check=False
    )

    assert ended.returncode == 5
    assert (tmp_path / "calls").read_text() == "serve\nserve\n"
