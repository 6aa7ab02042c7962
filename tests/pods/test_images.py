"""The images run: what dies comes back, who has no key stays out, and the end is clean."""

import base64
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from container import Container, Image

from lamina.demo import handbooks

pytestmark = [
    pytest.mark.images,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.geteuid() != 0, reason="an image's file system is run as root"),
]
CREDENTIAL = "owner:open-sesame"
Run = Callable[..., Container]
Volume = Callable[[str], Path]


def chowned(folder: Path, user: int) -> Path:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user, user, follow_symlinks=False)
    return folder


def key_pair(folder: Path) -> tuple[str, str]:
    """A private and a public key."""
    import subprocess

    folder.mkdir()
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")]
    subprocess.run(command, check=True)
    return (folder / "key").read_text(), (folder / "key.pub").read_text().strip()


def served(pod: Container) -> Container:
    pod.until(lambda: pod.status("http://localhost:5000/ready") == 200, "the layer server")
    return pod


def ssh(pod: Container, private: str, *command: str, **choices: str) -> tuple[int, str]:
    """A command over SSH, from the pod to itself."""
    name, home = ("root", "/root") if pod.user == 0 else ("lamina", "/home/lamina")
    options = {"StrictHostKeyChecking": "no", "BatchMode": "yes", **choices}
    given = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
    pod.run("/bin/sh", "-c", "umask 077; cat > ~/client_key", stdin=private)
    there = f"{name}@localhost"
    done = pod.run("ssh", "-i", f"{home}/client_key", *given, there, *command, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(params=[0, 1000], ids=["root", "user1000"])
def pod(
    request: pytest.FixtureRequest,
    cpu_image: Image,
    volume: Volume,
    run: Run,
    tmp_path: Path,
) -> Container:
    """A CPU pod: root on a volume of root's, as rented ones are, and as the compose file has it."""
    user = int(request.param)
    private, public = key_pair(tmp_path / "keys")
    environment = {"PUBLIC_KEY": public, "TTYD_CREDENTIAL": CREDENTIAL}
    folder = chowned(volume(f"cpu-{user}"), user)
    started = run(cpu_image, folder, user=user, environment=environment)
    started.private = private  # type: ignore[attr-defined]
    return served(started)


def test_a_cpu_pod_serves_lets_its_owner_in_and_nobody_else(pod: Container) -> None:
    names = [layer["name"] for layer in pod.ask("/lora-adapters")]
    code, said = ssh(pod, pod.private, "lamina versions --json && echo $LAMINA_WORKSPACE")
    refused, why = ssh(
        pod, pod.private, "true", PubkeyAuthentication="no", PreferredAuthentications="password"
    )
    web = "http://localhost:7681/"
    status = ("supervisorctl", "--configuration", "docker/cpu.conf", "status")
    programs = pod.run(*status, check=False).stdout

    assert names
    assert programs.count("RUNNING") == 3, programs
    assert pod.is_healthy()
    assert code == 0, said
    assert "/workspace" in said.splitlines()
    assert refused
    assert "Permission denied (publickey)" in why
    assert pod.status(web) == 401
    assert pod.status("--user", "owner:wrong", web) == 401
    assert pod.status("--user", CREDENTIAL, web) == 200


def test_every_process_that_is_killed_returns(pod: Container) -> None:
    programs = {
        "server": ("lamina.serving",),
        "sshd": ("/usr/sbin/sshd", "config"),
        "ttyd": ("ttyd", "--port"),
    }
    before = {name: pod.pids(*words) for name, words in programs.items()}
    for name, pids in before.items():
        assert pids, f"{name} does not run"
        pod.kill(pids[0])

    for name, words in programs.items():
        pod.until(
            lambda name=name, words=words: (now := pod.pids(*words)) and now[0] != before[name][0],
            f"{name} to return",
        )
    served(pod)
    pod.until(lambda: ssh(pod, pod.private, "true")[0] == 0, "sshd to answer")
    pod.until(lambda: pod.status("http://localhost:7681/") == 401, "ttyd to answer")


def test_it_stops_when_it_is_told_to(pod: Container) -> None:
    code = pod.stop()

    assert code == 0
    assert "SIGKILL" not in pod.log.read_text()  # supervisord names what did not listen


def test_secrets_stand_in_no_command_line_and_no_log(pod: Container) -> None:
    pod.curl("--user", CREDENTIAL, "http://localhost:7681/")
    secret = CREDENTIAL.partition(":")[2]
    encoded = base64.b64encode(CREDENTIAL.encode()).decode()

    assert pod.pids(secret) == pod.pids(encoded) == []
    assert secret not in pod.log.read_text()
    assert encoded not in pod.log.read_text()


def test_a_pod_started_anew_on_its_volume_is_the_same_host(
    cpu_image: Image, volume: Volume, run: Run, tmp_path: Path
) -> None:
    _, public = key_pair(tmp_path / "keys")
    folder = chowned(volume("again"), 0)
    known = []
    for _ in range(2):
        pod = run(cpu_image, folder, environment={"SSH_PUBLIC_KEY": public})
        scan = ("ssh-keyscan", "-t", "ed25519", "localhost")
        keys = pod.until(lambda pod=pod: pod.run(*scan, check=False).stdout, "its key")  # noqa: B023
        known.append(keys.split()[-1])
        pod.stop()

    assert known[0] == known[1]


def listening(pod: Container) -> set[str]:
    """Addresses and ports on which something listens, in the kernel's hexadecimal."""
    table = pod.run("/bin/sh", "-c", "cat /proc/net/tcp /proc/net/tcp6").stdout
    rows = [line.split() for line in table.splitlines()]
    return {row[1] for row in rows if row[3] == "0A"}


def test_without_key_and_credential_nothing_can_be_reached_from_outside(
    cpu_image: Image, volume: Volume, run: Run
) -> None:
    pod = served(run(cpu_image, chowned(volume("closed"), 0)))

    assert listening(pod) == {f"0100007F:{5000:04X}"}
    assert "the layer server listens inside this pod only" in pod.said()


def test_with_a_key_the_server_listens_to_all_and_answers_who_has_it(
    cpu_image: Image, volume: Volume, run: Run
) -> None:
    key = {"LAMINA_API_KEY": "open-sesame"}
    pod = served(run(cpu_image, chowned(volume("keyed"), 0), environment=key))
    layers = "http://localhost:5000/lora-adapters"

    assert listening(pod) == {f"00000000:{5000:04X}"}
    assert pod.status(layers) == 401
    assert pod.status("--header", "Authorization: Bearer open-sesame", layers) == 200


def test_a_pod_without_a_base_waits_for_it(cpu_image: Image, volume: Volume, run: Run) -> None:
    folder = volume("waits")
    aside = shutil.move(folder / "models", folder / "aside")
    pod = run(cpu_image, chowned(folder, 0))
    pod.until(lambda: "nothing is served until" in pod.said(), "its word")
    assert not pod.is_healthy()

    shutil.rmtree(folder / "models")
    shutil.move(aside, folder / "models")

    served(pod)
    assert pod.is_healthy()


def test_what_is_no_role_is_run_as_it_is(cpu_image: Image, volume: Volume, run: Run) -> None:
    """As the pools of Docker and Kubernetes start a flow run."""
    pod = run(cpu_image, volume("command"), command=["prefect", "version"])

    assert pod.stop_by_itself() == 0
    assert "3.8.8" in pod.log.read_text()


def test_kernels_are_those_of_the_processor(cpu_image: Image, volume: Volume, run: Run) -> None:
    """ld.so's choice: what is built for all, or what stands in glibc-hwcaps for AVX-512."""
    here = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
    flags = set(Path("/proc/cpuinfo").read_text().partition("flags")[2].partition("\n")[0].split())
    says = "import llama_cpp; print(llama_cpp.llama_print_system_info())"

    pod = run(cpu_image, volume("kernels"), command=["python", "-c", says])

    assert pod.stop_by_itself() == 0
    said = pod.log.read_text()
    assert "AVX2 = 1" in said
    assert ("AVX512 = 1" in said) == (here <= flags)


def test_a_server_that_asks_nobody_who_they_are_does_not_start(
    cpu_image: Image, volume: Volume, run: Run
) -> None:
    pod = run(cpu_image, volume("open"), command=["server"])

    assert pod.stop_by_itself() == 2
    assert "set PREFECT_SERVER_API_AUTH_STRING" in pod.log.read_text()


def test_the_gpu_image_trains_a_layer_on_a_processor(
    gpu_image: Image, run: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "gpu"
    handbooks.write_handbooks(folder / "raw", folder / "questions")
    manual = next((folder / "raw" / "Marlow_Leasing").glob("*.pdf"))
    (folder / "data" / "raw_pdfs" / "ASC_Leases").mkdir(parents=True)
    shutil.copy(manual, folder / "data" / "raw_pdfs" / "ASC_Leases")
    pod = run(gpu_image, chowned(folder, 0), environment={"LAMINA_BASE_MODEL": "tiny"})
    pod.until(lambda: pod.pids("supervisord"), "the supervisor")

    pod.run(
        "python", "/app/main.py", "train_layers", "ASC_Leases", "--set", "steps=4", within_s=300
    )

    assert pod.is_healthy()
    assert (folder / "output" / "peft" / "ASC_Leases" / "adapter_model.safetensors").is_file()
    assert (folder / "output" / "adapters_gguf" / "ASC_Leases.gguf").is_file()
    assert pod.stop() == 0
