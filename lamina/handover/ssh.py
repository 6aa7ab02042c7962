"""An SFTP connection to a host that is known, with a key."""

import logging
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paramiko
from fsspec.implementations.sftp import SFTPFileSystem
from paramiko.sftp import int64

from lamina.errors import InvalidInputError, MismatchError
from lamina.handover.address import Address

_CMD_READ, _CMD_STATUS = 5, 101  # draft-ietf-secsh-filexfer-02, section 3
_REQUEST_BYTES = 1 << 15  # what every server answers in one piece
_AHEAD = 64  # requests under way: 2 MiB, paramiko's own window; 40 MB/s over 50 ms
_LIMIT_S = 20.0  # for connecting, and for the other side to answer anything at all
BROKEN = (paramiko.SSHException,)
_NO_KEY = ("No authentication methods available", "not a valid", "private key")


def open_sftp(
    address: Address, *, key_file: Path | None, known_hosts: Path | None
) -> SFTPFileSystem:
    """A connection of its own.

    Raises:
        InvalidInputError: the host is unknown, or it does not take the key.
        MismatchError: the host has another key than the one that is known.

    """
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # breaks are told in our own words
    hosts = (known_hosts or Path("~/.ssh/known_hosts")).expanduser()
    if key_file is not None and not key_file.expanduser().is_file():
        msg = f"there is no key at {key_file}; correct LAMINA_STORE_KEY_FILE"
        raise InvalidInputError(msg)
    options = {
        "port": address.port,
        "username": address.user,
        "timeout": _LIMIT_S,
        "banner_timeout": _LIMIT_S,
        "auth_timeout": _LIMIT_S,
        "channel_timeout": _LIMIT_S,
    }
    if key_file is not None:
        named = {"key_filename": str(key_file.expanduser())}
        options |= named | {"look_for_keys": False, "allow_agent": False}
    try:
        return _KnownHosts(address.host, known_hosts=hosts, skip_instance_cache=True, **options)
    except paramiko.BadHostKeyException as other:
        msg = (
            f"{address.host}:{address.port} has another key than the one in {hosts}: the machine "
            "was set up anew, or somebody stands in between; find out which, then take the old "
            f"line out with: ssh-keygen -f {hosts} -R '[{address.host}]:{address.port}'"
        )
        raise MismatchError(msg) from other
    except paramiko.AuthenticationException as refused:
        key = key_file or "any key of ~/.ssh or of the agent"
        msg = (
            f"{address} does not take {key} ({refused}); put its public half into the "
            "authorized_keys of that user, or name another key with LAMINA_STORE_KEY_FILE"
        )
        raise InvalidInputError(msg) from refused
    except paramiko.SSHException as error:
        if not any(sign in str(error) for sign in _NO_KEY):
            raise
        key = key_file or "~/.ssh, or in the agent,"
        msg = (
            f"there is no usable key in {key} for {address} ({error}); make one with "
            "ssh-keygen -t ed25519, and name it with LAMINA_STORE_KEY_FILE"
        )
        raise InvalidInputError(msg) from error


def read_ahead(file: paramiko.SFTPFile, start: int, end: int) -> Iterator[bytes]:
    """A file's bytes from `start` to `end`, with many requests under way.

    paramiko's own `prefetch` asks twice for what is answered faster than it asks, and dies in a
    thread of its own when the connection breaks; so this uses what lies beneath it.
    """
    early = _Early()
    asked: deque[tuple[int, int]] = deque()  # (request, bytes)
    sftp: Any = file.sftp
    position = start
    while asked or position < end:
        while position < end and len(asked) < _AHEAD:
            size = min(_REQUEST_BYTES, end - position)
            where = int64(position)
            number = sftp._async_request(early, _CMD_READ, file.handle, where, size)  # noqa: SLF001
            asked.append((number, size))
            position += size
        number, size = asked.popleft()
        kind, answer = early.answers.pop(number, None) or sftp._read_response(number)  # noqa: SLF001
        if kind == _CMD_STATUS:
            sftp._convert_status(answer)  # noqa: SLF001 - it raises what the server says
        data = answer.get_string()
        if len(data) != size:
            msg = "the server answered with a part of what it was asked for"
            raise ConnectionError(msg)
        yield data


class _Early:
    """Takes answers that come before it is their turn."""

    def __init__(self) -> None:
        self.answers: dict[int, tuple[int, paramiko.Message]] = {}

    def _async_response(self, kind: int, answer: paramiko.Message, number: int) -> None:
        self.answers[number] = kind, answer


class _Refuse(paramiko.MissingHostKeyPolicy):
    """No host is believed at first sight."""

    def __init__(self, address: str, port: int, hosts: Path) -> None:
        self._address, self._port, self._hosts = address, port, hosts

    def missing_host_key(
        self,
        client: paramiko.SSHClient,
        hostname: str,  # noqa: ARG002 - paramiko's signature
        key: paramiko.PKey,
    ) -> None:
        """Say how the host becomes known."""
        client.close()
        msg = (
            f"the host {self._address}:{self._port} is not in {self._hosts}; its key is "
            f"{key.get_name()} {key.fingerprint}: compare that with `ssh-keygen -lf` on the host "
            "itself, then make it known with: "
            f"ssh-keyscan -p {self._port} {self._address} >> {self._hosts}"
        )
        raise InvalidInputError(msg)


class _KnownHosts(SFTPFileSystem):  # type: ignore[misc]  # fsspec has no types
    """fsspec's SFTP, which would believe any host, made to look the host up first."""

    cachable = False

    def __init__(self, host: str, known_hosts: Path, **options: object) -> None:
        self._known_hosts = known_hosts
        super().__init__(host, **options)

    def _connect(self) -> None:
        self.client = paramiko.SSHClient()
        if self._known_hosts.is_file():
            self.client.load_host_keys(str(self._known_hosts))
        port = self.ssh_kwargs["port"]
        self.client.set_missing_host_key_policy(_Refuse(self.host, port, self._known_hosts))
        try:
            self.client.connect(self.host, **self.ssh_kwargs)
            self.ftp = self.client.open_sftp()
        except BaseException:
            self.client.close()
            raise
        if channel := self.ftp.get_channel():
            channel.settimeout(_LIMIT_S)
            channel.get_transport().set_keepalive(int(_LIMIT_S / 2))
