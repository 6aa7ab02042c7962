"""Where the depot is, read from `LAMINA_STORE_URL`."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit

from lamina.errors import InvalidInputError

_FORMS = "a folder, file:///path, sftp://user@host:port/path, or s3://bucket/prefix"


@dataclass(frozen=True)
class Address:
    """A depot's address, taken apart."""

    kind: Literal["file", "sftp", "s3"]
    path: str  # folder, or bucket/prefix
    host: str = ""
    port: int = 22
    user: str | None = None

    def __str__(self) -> str:
        if self.kind == "sftp":
            user = f"{self.user}@" if self.user else ""
            return f"sftp://{user}{self.host}:{self.port}/{self.path.removeprefix('/')}"
        return f"s3://{self.path}" if self.kind == "s3" else self.path


def parse(url: str | None) -> Address:
    """The depot's address.

    Raises:
        InvalidInputError: none is set, it is no address, or it holds a password.

    """
    if not url:
        msg = f"there is no depot to hand things over through; set LAMINA_STORE_URL to {_FORMS}"
        raise InvalidInputError(msg)
    parts = urlsplit(url)
    if parts.password:
        where = f"{parts.scheme}://{parts.hostname}"
        msg = f"the address of the depot at {where} holds a password; use a key file instead"
        raise InvalidInputError(msg)
    path = unquote(parts.path)
    match parts.scheme:
        case "" if path:
            return Address("file", path)
        case "file" if path.startswith("/") and not parts.netloc:
            return Address("file", path)
        case "sftp" if parts.hostname and len(path) > 1:
            # As scp has it: /~/x lies in the user's home on the server.
            place = path.removeprefix("/~/") if path.startswith("/~/") else path
            return Address("sftp", place.rstrip("/"), parts.hostname, _port(url), parts.username)
        case "s3" if parts.netloc:
            return Address("s3", f"{parts.netloc}{path}".rstrip("/"))
        case _:
            msg = f"LAMINA_STORE_URL {url!r} is no depot; write {_FORMS}"
            raise InvalidInputError(msg)


def _port(url: str) -> int:
    try:
        return urlsplit(url).port or 22
    except ValueError as wrong:
        msg = f"LAMINA_STORE_URL {url!r} has a port that cannot be; ports are 1 to 65535"
        raise InvalidInputError(msg) from wrong
