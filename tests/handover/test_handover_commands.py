"""push, pull, promote, versions, rollback and gc as a person meets them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import MakeLayer, MakePod
from ssh_server import SshServer

from lamina.artifacts import ArtifactRef
from lamina.stages import handover, views
from lamina.stages.pod import Pod

LAMINA = [sys.executable, "-c", "from lamina.cli import main; main()"]


class Shell:
    """Runs `lamina` for a pod, with nothing of the caller's settings."""

    def __init__(self, pod: Pod) -> None:
        named = {
            "LAMINA_WORKSPACE": pod.workspace.root,
            "LAMINA_BASE_MODEL": "tiny",
            "LAMINA_STORE_URL": pod.settings.store_url,
            "LAMINA_STORE_KEY_FILE": pod.settings.store_key_file,
            "LAMINA_STORE_KNOWN_HOSTS": pod.settings.store_known_hosts,
            "COLUMNS": "200",
        }
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LAMINA_", "PREFECT_")) and name != "MODEL_PATH"
        }
        self._environment = kept | {name: str(value) for name, value in named.items() if value}
        self._folder = pod.workspace.root

    def __call__(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*LAMINA, *words],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def pods(
    make_pod: MakePod, over_ssh: Callable[[int], dict[str, object]], sshd: SshServer
) -> tuple[Pod, Pod]:
    return make_pod("gpu", **over_ssh(sshd.port)), make_pod("cpu", **over_ssh(sshd.port))


@pytest.fixture
def published(pods: tuple[Pod, Pod], make_layer: MakeLayer) -> ArtifactRef:
    """As training on the first pod leaves it."""
    ref = make_layer(pods[0])
    views.serve_made(pods[0], "Leases", ref)
    return ref


def test_a_layer_goes_from_pod_to_pod_and_waits_there_until_it_is_promoted(
    pods: tuple[Pod, Pod], published: ArtifactRef
) -> None:
    gpu, cpu = (Shell(pod) for pod in pods)

    sent, pulled = gpu("push"), cpu("pull", "Leases")
    waits = json.loads(cpu("--json", "versions").stdout)
    promoted = cpu("promote", "Leases")

    assert (sent.returncode, pulled.returncode, promoted.returncode) == (0, 0, 0), pulled.stderr
    assert "50,008 bytes sent" in sent.stdout
    assert "50,008 bytes fetched" in pulled.stdout
    assert [(one["digest"], one["state"]) for one in waits] == [(published.digest, "candidate")]
    assert handover.served(pods[1], "Leases") == published


def test_a_version_that_was_decided_upon_does_not_wait_again_after_a_pull(
    pods: tuple[Pod, Pod], published: ArtifactRef
) -> None:
    handover.push(pods[0], {"layers/Leases": {"gguf": published}})
    handover.pull(pods[1])
    handover.hold(pods[1], "Leases", published, "worse")

    Shell(pods[1])("pull")

    (only,) = handover.versions(pods[1])
    assert only.state == "held"
    assert not (pods[1].workspace.candidates / "Leases.gguf").exists()


def test_everything_is_pulled_where_the_depot_has_no_base(
    pods: tuple[Pod, Pod], published: ArtifactRef
) -> None:
    Shell(pods[0])("push")

    done = Shell(pods[1])("--json", "pull")

    assert done.returncode == 0, done.stderr
    heads = json.loads(done.stdout)["heads"]
    assert {name: head["refs"]["gguf"]["digest"] for name, head in heads.items()} == {
        "layers/Leases": published.digest
    }


def test_a_rollback_is_one_command(pods: tuple[Pod, Pod], make_layer: MakeLayer) -> None:
    pod = pods[0]
    refs = [make_layer(pod, seed=seed) for seed in range(2)]
    for ref in refs:
        handover.promote(pod, "Leases", ref, "better")

    done = Shell(pod)("rollback", "Leases")
    listed = Shell(pod)("versions", "Leases").stdout

    assert done.returncode == 0
    assert handover.served(pod, "Leases") == refs[0]
    assert [line.split()[2] for line in listed.splitlines()[1:]] == ["served", "rolled"]


def test_mistakes_are_one_sentence_with_the_remedy(
    pods: tuple[Pod, Pod], published: ArtifactRef
) -> None:
    del published
    gpu, cpu = (Shell(pod) for pod in pods)

    for done, sentence in (
        (cpu("push"), "there is nothing to hand over"),
        (cpu("pull", "Nobody"), "layers/Nobody is not in the depot"),
        (gpu("rollback", "Leases"), "no earlier version of Leases"),
        (gpu("versions", "Nobody"), "there is no version of Nobody"),
        (gpu("promote", "Leases", "ffff"), "there is no version ffff of Leases"),
    ):
        assert done.returncode == 3
        assert done.stderr.startswith("error: ")
        assert sentence in done.stderr
        assert "Traceback" not in done.stderr


def test_gc_tells_what_it_would_free_and_then_frees_it(
    pods: tuple[Pod, Pod], published: ArtifactRef, make_layer: MakeLayer
) -> None:
    pod = pods[0]
    loose = make_layer(pod, seed="loose", size=1_000_000)
    gc = ("--json", "gc", "--grace-days", "0")

    look, done = (json.loads(Shell(pod)(*gc, *more).stdout) for more in (("--dry-run",), ()))

    assert (look["dry_run"], done["dry_run"]) == (True, False)
    assert look["removed"] == done["removed"]
    assert done["removed"]["lora-gguf"]["size_bytes"] > 1_000_000
    assert [pod.store.path(ref).exists() for ref in (published, loose)] == [True, False]


def test_the_depot_is_told_by_path_in_no_error_of_a_secret(pods: tuple[Pod, Pod]) -> None:
    shell = Shell(pods[0])
    shell._environment["LAMINA_STORE_URL"] = "sftp://me:hunter2@pod/depot"  # noqa: SLF001 - its own

    done = shell("pull")

    assert done.returncode == 2
    assert "hunter2" not in done.stderr + done.stdout
    assert Path(pods[0].workspace.root).is_dir()
