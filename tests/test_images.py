"""The images, as far as they can be looked at without a Docker engine."""

import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
DOCKERFILE = ROOT / "docker" / "Dockerfile"
COMPOSE = ROOT / "docker" / "compose.yaml"
SCRIPTS = ["docker/health.sh", "docker/sshd.sh", "docker/start.sh"]


def test_the_linter_finds_nothing() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")

    found = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, check=False)

    assert found.stdout == ""
    assert found.returncode == 0


def test_the_compose_file_is_what_its_specification_asks_for() -> None:
    check = Path(sys.executable).with_name("check-jsonschema")
    command = [check, "--builtin-schema", "vendor.compose-spec", COMPOSE]

    found = subprocess.run(command, capture_output=True, text=True, check=False)

    assert found.returncode == 0, found.stdout


def test_what_is_copied_is_there_and_not_ignored() -> None:
    allowed = [
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    ]
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE.read_text(), re.MULTILINE)
        for source in line.split()[:-1]
        if not source.startswith("--") and source != "."
    ]

    assert copied
    for source in copied:
        assert (ROOT / source).exists(), source
        assert any(fnmatch(source, pattern) for pattern in allowed), source


def test_every_role_of_the_compose_file_is_one_that_the_start_script_knows() -> None:
    roles = set(re.findall(r"^    (\w+)\)", (ROOT / "docker/start.sh").read_text(), re.MULTILINE))
    services = yaml.safe_load(COMPOSE.read_text())["services"]

    asked = {service["command"][0] for service in services.values() if "command" in service}

    assert asked == roles == {"server", "setup", "gpu", "cpu"}


def test_what_pods_run_may_be_run() -> None:
    listed = subprocess.run(
        ["/usr/bin/git", "ls-files", "--stage", "docker"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    modes = {line.split()[3]: line.split()[0] for line in listed.stdout.splitlines()}

    assert {name: modes.get(name) for name in SCRIPTS} == dict.fromkeys(SCRIPTS, "100755")


@pytest.mark.parametrize("script", [*SCRIPTS, "deployments/up.sh", "scripts/images.sh"])
def test_the_start_scripts_are_sound_shell(script: str) -> None:
    subprocess.run(["/bin/bash", "-n", ROOT / script], check=True)


def test_the_pods_without_a_gpu_are_set_up_for_the_base_that_they_train() -> None:
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    bases = {
        name: service.get("environment", {}).get("LAMINA_BASE_MODEL")
        for name, service in services.items()
        if "cpu-only" in service.get("profiles", ())
    }

    assert bases == {"setup-embedded": "tiny", "cpu-embedded": "tiny", "trainer": "tiny"}
    for pod in ("cpu-embedded", "trainer"):
        assert set(services[pod]["depends_on"]) == {"setup-embedded"}


def started(folder: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """What start.sh does with programs that only tell of themselves."""
    for program in ("prefect", "python", "supervisord"):
        (folder / program).write_text(f'#!/bin/sh\necho {program} "$@"\nenv\n')
        (folder / program).chmod(0o755)
    return subprocess.run(
        ["/bin/bash", ROOT / "docker/start.sh", *words],
        env={
            "LAMINA_HOME": str(ROOT),
            "LAMINA_WORKSPACE": str(folder),
            "PATH": f"{folder}:/usr/bin:/bin",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "environment", "said"),
    [
        ([], {}, "server | setup | gpu | cpu | COMMAND"),
        (["setup"], {}, "PREFECT_API_URL is not set"),
        (["server"], {}, "set PREFECT_SERVER_API_AUTH_STRING"),
        (["server"], {"LAMINA_PREFECT_HOST": "10.0.0.5"}, "would listen on 10.0.0.5"),
        (["cpu"], {"TTYD_CREDENTIAL": "secret"}, "write it as user:password"),
    ],
)
def test_a_pod_that_cannot_start_says_why(
    words: list[str], environment: dict[str, str], said: str, tmp_path: Path
) -> None:
    ended = started(tmp_path, *words, **environment)

    assert ended.returncode == 2
    assert said in ended.stderr


@pytest.mark.parametrize(
    "environment",
    [{"PREFECT_SERVER_API_AUTH_STRING": "user:password"}, {"LAMINA_PREFECT_HOST": "127.0.0.1"}],
)
def test_a_server_starts_with_credentials_or_on_loopback(
    environment: dict[str, str], tmp_path: Path
) -> None:
    assert (
        "python deployments/prefect_server.py --host"
        in started(tmp_path, "server", **environment).stdout
    )


def test_what_is_no_role_is_run_as_it_is(tmp_path: Path) -> None:
    said = started(tmp_path, "prefect", "flow-run", "execute").stdout.splitlines()

    assert said[0] == "prefect flow-run execute"
    assert "PREFECT_CLIENT_MAX_RETRIES=9" in said


def test_the_pods_own_environment_goes_before_the_file_of_defaults(tmp_path: Path) -> None:
    said = started(tmp_path, "gpu", PREFECT_CLIENT_MAX_RETRIES="2", DO_NOT_TRACK="").stdout

    assert "PREFECT_CLIENT_MAX_RETRIES=2\n" in said
    assert "DO_NOT_TRACK=\n" in said
    assert "PREFECT_WORKER_QUERY_SECONDS=2\n" in said


def test_setup_for_the_embedded_base_makes_its_training_profiles(tmp_path: Path) -> None:
    url = {"PREFECT_API_URL": "http://server/api"}

    assert "--embedded-base" in started(tmp_path, "setup", LAMINA_BASE_MODEL="tiny", **url).stdout
    assert "--embedded-base" not in started(tmp_path, "setup", **url).stdout
