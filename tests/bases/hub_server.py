"""A hub on loopback: model information as JSON, files by revision with ETag, Range and 403s."""

import hashlib
import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import unquote, urlsplit

from loopback import listening

COMMIT = "c0ffee" + "0" * 34
_INFO = re.compile(r"/api/models/(?P<repo>[^/]+/[^/]+)(/revision/(?P<revision>[^/]+))?\Z")
_FILE = re.compile(r"/(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<name>.+)\Z")


@dataclass
class Hub:
    """What the hub holds, and what it was asked."""

    repo: str
    folder: Path
    licence: str = "apache-2.0"
    token: str | None = None  # asked for, where it is set
    break_after: int | None = None  # bytes of a file after which the link breaks, once
    asked: list[str] = field(default_factory=list)  # "METHOD path [range]"
    url: str = ""


@contextmanager
def running(hub: Hub) -> Iterator[Hub]:
    """Serve until the block ends."""
    handler = type("Handler", (_Handler,), {"hub": hub})
    with listening(handler) as hub.url:
        yield hub


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        part = self.headers.get("Range", "")
        self.hub.asked.append(f"{self.command} {path} {part}".strip())
        wanted = self.headers.get("Authorization", "").removeprefix("Bearer ")
        found = _INFO.match(path) or _FILE.match(path)
        if found is None or found["repo"] != self.hub.repo:
            self._refuse(404, "RepoNotFound")
        elif self.hub.token and wanted != self.hub.token:
            self._refuse(403 if wanted else 401, "GatedRepo")
        elif found["revision"] not in {None, "main", "v1", COMMIT}:
            self._refuse(404, "RevisionNotFound")
        elif found.re is _INFO:
            self._send(json.dumps(self._info()).encode(), {}, body=body)
        else:
            self._file(self.hub.folder / found["name"], part, body=body)

    def _info(self) -> dict[str, object]:
        files = [path for path in sorted(self.hub.folder.iterdir()) if path.is_file()]
        return {
            "id": self.hub.repo, "modelId": self.hub.repo, "sha": COMMIT, "private": False,
            "tags": [f"license:{self.hub.licence}"], "downloads": 1, "likes": 0,
            "cardData": {"license": self.hub.licence},
            "siblings": [{"rfilename": one.name, "size": one.stat().st_size} for one in files],
        }  # fmt: skip

    def _file(self, file: Path, part: str, *, body: bool) -> None:
        if not file.is_file():
            self._refuse(404, "EntryNotFound")
            return
        content = file.read_bytes()
        etag = hashlib.sha256(content).hexdigest()
        headers = {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        start = int(part.removeprefix("bytes=").partition("-")[0]) if part else 0
        if part:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self._send(content[start:], headers, body=body, status=206 if part else 200)

    def _send(
        self, content: bytes, headers: dict[str, str], *, body: bool, status: int = 200
    ) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        limit = self.hub.break_after
        if body and limit is not None and len(content) > limit:
            self.hub.break_after = None
            self.wfile.write(content[:limit])
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif body:
            self.wfile.write(content)

    def _refuse(self, status: int, code: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("X-Error-Message", code)
        self.send_header("Content-Length", "0")
        self.end_headers()
