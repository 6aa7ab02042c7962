"""A real sshd on loopback: host key, client key and configuration of its own, ended by its id."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/client_key.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 50
LogLevel ERROR
Subsystem sftp internal-sftp
"""


@dataclass
class SshServer:
    folder: Path
    port: int
    process: "subprocess.Popen[bytes]"
    user: str

    @property
    def key(self) -> Path:
        return self.folder / "client_key"

    def known_hosts(self, *ports: int) -> Path:
        """A file in which this host is known, at its own port and at those of wires to it."""
        host_key = (self.folder / "host_key.pub").read_text()
        path = self.folder / f"known_hosts-{'-'.join(map(str, ports)) or 'own'}"
        path.write_text("".join(f"[127.0.0.1]:{port} {host_key}" for port in ports or (self.port,)))
        return path

    def sessions(self) -> list[int]:
        """Process ids of the sessions, the deepest first."""
        found: list[int] = []
        waiting = [self.process.pid]
        while waiting:
            children = Path(f"/proc/{waiting[0]}/task/{waiting[0]}/children")
            below = [int(one) for one in children.read_text().split()] if children.exists() else []
            found += below
            waiting = waiting[1:] + below
        return found[::-1]


def find_sshd() -> str:
    found = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if not found or not shutil.which("ssh-keygen"):
        pytest.skip("no sshd here; `make services` installs openssh-server")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_key(path: Path) -> Path:
    keygen = shutil.which("ssh-keygen") or ""
    subprocess.run(
        [keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True, timeout=20
    )
    return path


@contextmanager
def ssh_server(folder: Path) -> Iterator[SshServer]:
    sshd = find_sshd()
    make_key(folder / "host_key")
    make_key(folder / "client_key")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where root's sshd puts its unprivileged half
    server = _started(sshd, folder)
    process = server.process
    try:
        yield server
    finally:
        sessions = server.sessions()
        process.terminate()
        process.wait(20)
        for session in sessions:
            with suppress(ProcessLookupError):
                os.kill(session, 15)


def _started(sshd: str, folder: Path) -> SshServer:
    for _ in range(5):  # somebody may take the port before it does
        port = free_port()
        (folder / "config").write_text(CONFIG.format(port=port, folder=folder))
        process = subprocess.Popen([sshd, "-D", "-e", "-f", str(folder / "config")])
        if _listens(process, port):
            return SshServer(folder, port, process, getpass.getuser())
    pytest.fail("sshd ended at once")


def _listens(process: "subprocess.Popen[bytes]", port: int) -> bool:
    """Whether it came to that, and did not end."""
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return process.poll() is None
    return False
