"""A container without an engine: an image's file system in namespaces of its own. Needs root.

What the image says of itself (environment, command, health check) is what is run. Network and
processes are its own: ports 22, 5000 and 7681 are free, and process 1 is what it is in a pod.
"""

import json
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "images.sh"
PATIENCE = 3.0  # times the seconds that a quick machine needs; a wait that succeeds ends early
_ENTER = """
set -e
root=$1; shift
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
mount --rbind /dev "$root/dev"
for volume in $1; do mount --bind "${volume#*:}" "$root${volume%%:*}"; done; shift
echo 127.0.0.1 localhost $1 >"$root/etc/hosts"; shift
ip link set lo up
echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start  # as engines have it
cd "$root"
exec chroot "$@"
"""


def images(*words: str) -> str:
    """What scripts/images.sh says."""
    command = ["/bin/bash", str(SCRIPT), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"images.sh {' '.join(words)}: {done.stderr}")
    return done.stdout.strip()


class Image:
    """An image that `make images` has built, as a folder."""

    def __init__(self, name: str) -> None:
        self.name = name
        said = json.loads(images("config", name))
        # Engines tell it of a list of images, buildah of one in several forms.
        self.says: dict[str, Any] = (
            said[0]["Config"] if isinstance(said, list) else said["Docker"]["config"]
        )
        self.root = Path(images("mount", name))

    @property
    def environment(self) -> dict[str, str]:
        return dict(entry.split("=", 1) for entry in self.says["Env"])


class Container:
    """A running pod. `user`: 0 as rented pods have it, or 1000 as the compose file does."""

    def __init__(  # noqa: PLR0913 - keyword-only past the two that say what runs
        self,
        image: Image,
        workspace: Path,
        *,
        user: int = 0,
        command: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        beside: "Container | None" = None,
        volumes: Mapping[str, Path] | None = None,
        hosts: Sequence[str] = (),
    ) -> None:
        """`beside`: the container whose network it shares; `hosts`: names that lead to it.

        `volumes`: what is mounted besides the workspace, by its place inside.
        """
        self.image, self.user = image, user
        self.environment = {
            **image.environment,
            "HOME": "/root" if user == 0 else "/home/lamina",
            "OMP_NUM_THREADS": "1",
            "OMP_WAIT_POLICY": "PASSIVE",
            "N_THREADS": "1",
            **(environment or {}),
        }
        self.log = workspace.parent / f"{workspace.name}.log"
        entry = [*image.says["Entrypoint"], *(command or image.says.get("Cmd") or ())]
        network = ["nsenter", f"--net=/proc/{beside.first}/ns/net"] if beside else []
        mounted = {"/workspace": workspace, **(volumes or {})}
        self.log.touch()
        os.chown(self.log, user, user)  # engines give the user its output
        with self.log.open("ab") as log:
            self._outer = subprocess.Popen(
                [
                    *network,
                    *("unshare", "--mount", "--pid", "--ipc", "--uts", "--fork"),
                    *(() if beside else ("--net",)),
                    *("--kill-child", "--", "/bin/bash", "-c", _ENTER, "pod"),
                    *(str(image.root), " ".join(f"{at}:{it}" for at, it in mounted.items())),
                    *(" ".join(hosts), f"--userspec={user}:{user}"),
                    *(str(image.root), "/usr/bin/env", "-i", f"--chdir={image.says['WorkingDir']}"),
                    *(f"{name}={value}" for name, value in self.environment.items()),
                    *entry,
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        self.first = self._first()

    def _first(self) -> int:
        """Process 1 of the pod, as this machine numbers it."""
        children = Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children")
        end = time.monotonic() + 20
        while time.monotonic() < end and self._outer.poll() is None:
            with suppress(OSError):
                if found := children.read_text().split():
                    return int(found[0])
            time.sleep(0.02)
        return 0  # it has ended already

    def said(self) -> str:
        return self.log.read_text(errors="replace")[-6000:]

    # -- what runs in it --------------------------------------------------------------------------

    def run(
        self, *command: str, check: bool = True, within_s: float = 120, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """A command inside, as `docker exec` runs it."""
        user = str(self.user)
        done = subprocess.run(
            [
                *("nsenter", f"--target={self.first}", "--mount", "--net", "--pid", "--ipc"),
                *("--uts", "--root", f"--wd=/proc/{self.first}/cwd", "--setuid", user),
                *("--setgid", user, "--", "/usr/bin/env", "-i"),
                *(f"{name}={value}" for name, value in self.environment.items()),
                *command,
            ],
            capture_output=True,
            text=True,
            timeout=within_s * PATIENCE,
            check=False,
            input=stdin,
        )
        if check and done.returncode:
            pytest.fail(f"{shlex.join(command)}: {done.stdout}{done.stderr}\n{self.said()}")
        return done

    def curl(self, *words: str, check: bool = True) -> str:
        return self.run("curl", "--silent", "--show-error", *words, check=check).stdout

    def ask(self, path: str, body: object = None) -> Any:  # noqa: ANN401 - any JSON
        """The layer server's reply."""
        sent = () if body is None else ("-H", "Content-Type: application/json", "-d", _json(body))
        return json.loads(self.curl(*sent, f"http://localhost:5000{path}"))

    def status(self, *words: str) -> int:
        """What an address answers; 0 where nothing listens."""
        told = ("--output", "/dev/null", "--write-out", "%{http_code}")
        return int(self.curl(*told, *words, check=False))

    def is_healthy(self) -> bool:
        """What the image's own health check finds."""
        _, *check = self.image.says["Healthcheck"]["Test"]
        return self.run(*check, check=False).returncode == 0

    def until(self, look: Callable[[], Any], what: str, within_s: float = 60) -> Any:  # noqa: ANN401
        """What `look` gives once it is true."""
        end = time.monotonic() + within_s * PATIENCE
        while time.monotonic() < end:
            if self._outer.poll() is not None:
                pytest.fail(f"the container ended before {what}: {self.said()}")
            if found := look():
                return found
            time.sleep(0.3)
        pytest.fail(f"waited for {what}: {self.said()}")

    def pids(self, *words: str) -> list[int]:
        """Processes inside whose command line holds all these words, as the pod numbers them."""
        listed = self.run("/bin/sh", "-c", _LIST).stdout.splitlines()
        rows = [line.partition(" ") for line in listed]
        return [int(pid) for pid, _, said in rows if all(word in said for word in words)]

    def kill(self, pid: int) -> None:
        self.run("/bin/kill", "-KILL", str(pid), check=False)

    # -- its end ----------------------------------------------------------------------------------

    def stop(self, within_s: float = 40) -> int:
        """SIGTERM to process 1, as engines do it; the exit code."""
        if self._outer.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.first, signal.SIGTERM)
        try:
            return self._outer.wait(within_s * PATIENCE)
        except subprocess.TimeoutExpired:
            self._outer.kill()
            self._outer.wait()
            pytest.fail(f"the container did not stop: {self.said()}")

    def stop_by_itself(self, within_s: float = 60) -> int:
        """The exit code of a command that ends."""
        return self._outer.wait(within_s * PATIENCE)

    def close(self) -> None:
        """End it, whatever it does."""
        if self._outer.poll() is None:
            self._outer.kill()
            self._outer.wait()


_LIST = (
    "for one in /proc/[0-9]*; do printf '%s %s\\n' ${one#/proc/} "
    "\"$(tr '\\0' ' ' <$one/cmdline 2>/dev/null)\"; done"
)


def _json(body: object) -> str:
    return body if isinstance(body, str) else json.dumps(body)
