"""Concurrent requests against a server, and the servers themselves."""

import argparse
import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from lamina.serving.launch import running_server

Start = Callable[[int], AbstractContextManager[str]]  # for so many concurrent requests -> URL


@dataclass
class Load:
    """One run of concurrent requests."""

    seconds: float = 0.0
    tokens: int = 0
    gaps_ms: list[float] = field(default_factory=list)
    first_ms: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Generated tokens per second, over all requests."""
        return self.tokens / self.seconds

    @property
    def p95_ms(self) -> float:
        """95th percentile of the time between two tokens."""
        ordered = sorted(self.gaps_ms) or [0.0]
        return ordered[int(0.95 * (len(ordered) - 1))]


async def _request(url: str, body: dict, load: Load) -> None:
    """Stream one completion over a raw connection, so that the client costs little."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    raw = json.dumps(body).encode()
    head = f"POST /v1/completions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    head += f"Connection: close\r\nContent-Length: {len(raw)}\r\n\r\n"
    started_s = last_s = time.perf_counter()
    writer.write(head.encode() + raw)
    count = 0
    while chunk := await reader.read(65536):
        new = chunk.count(b"data: {")
        if not new:
            continue
        now_s = time.perf_counter()
        if count:
            load.gaps_ms += [1000 * (now_s - last_s) / new] * new
        else:
            load.first_ms.append(1000 * (now_s - started_s))
        count, last_s = count + new, now_s
    writer.close()
    load.tokens += min(count, body["max_tokens"])  # a server may cut a stream short


def drive(url: str, bodies: list[dict]) -> Load:
    """Send all at once and wait for the end."""

    async def together() -> Load:
        load = Load()
        started_s = time.perf_counter()
        await asyncio.gather(*[_request(url, body, load) for body in bodies])
        load.seconds = time.perf_counter() - started_s
        return load

    return asyncio.run(together())


def bodies(count: int, options: argparse.Namespace, models: tuple[str, ...] = ("",)) -> list[dict]:
    """Requests with prompts of their own; `models` in turn."""
    return [
        {
            "prompt": _prompt(options),
            "max_tokens": options.tokens,
            "temperature": 0,
            "ignore_eos": True,
            "stream": True,
            "cache_prompt": False,
            **({"logit_bias": {"2": -100}} if options.llama_cpp_python else {}),
            **({"model": models[number % len(models)]} if models[number % len(models)] else {}),
        }
        for number in range(count)
    ]


def _prompt(options: argparse.Namespace) -> str | list[int]:
    """Tokens; as words of a token each for llama_cpp.server, which takes texts only."""
    numbers = [random.randrange(1000, 31000) for _ in range(options.prompt)]
    return " ".join(f"w{one}" for one in numbers[1:]) if options.llama_cpp_python else numbers


def youngest_child() -> int:
    """The process that was started last."""
    return int(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()[-1])


def processor_s(process: int) -> float:
    """Processor time that it has taken, user and system."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def peer(command: list[str], ready: str) -> Iterator[str]:
    """Another server on a free port (`{port}` in the command) until it answers at `ready`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    line = [part.format(port=port) for part in command]
    with tempfile.TemporaryFile() as log, subprocess.Popen(line, stdout=log, stderr=log) as child:
        try:
            url = f"http://127.0.0.1:{port}"
            for _ in range(600):
                if child.poll() is not None:
                    log.seek(0)
                    said = log.read().decode(errors="replace").strip().splitlines()[-1:]
                    sys.exit(f"{' '.join(line[:3])} ended with {child.returncode}: {said}")
                try:
                    if httpx.get(url + ready, trust_env=False).is_success:
                        break
                except httpx.HTTPError:
                    pass
                time.sleep(0.2)
            yield url
        finally:
            child.terminate()


def servers(model: Path, layers: Path, options: argparse.Namespace) -> dict[str, Start]:
    """Name -> what starts it."""
    n_ctx = 256 * -(-(options.prompt + options.tokens) // 256)
    threads = str(options.threads)

    def lamina(count: int) -> AbstractContextManager[str]:
        return running_server(
            model,
            adapters=layers,
            n_ctx=n_ctx,
            n_threads=options.threads,
            n_parallel=count,
            more=["--quiet", "--flash_attn", "true" if options.flash == "on" else "false"],
        )

    found: dict[str, Start] = {"lamina": lamina}
    common = ["--host", "127.0.0.1", "--port", "{port}"]
    if options.llama_server:
        found["llama-server"] = lambda count: peer(
            [
                *(options.llama_server, "-m", str(model), "-c", str(n_ctx * count)),
                *("-np", str(count), "-t", threads, "-tb", threads, *common),
                *("-fa", options.flash, "--cache-ram", "0"),
            ],
            "/health",
        )
    if options.llama_cpp_python:
        found["llama_cpp.server"] = lambda _count: peer(
            [
                *(sys.executable, "-m", "llama_cpp.server", "--model", str(model)),
                *("--n_ctx", str(n_ctx), "--n_threads", threads, *common),
                *("--interrupt_requests", "false"),  # else a new request ends the running one
            ],
            "/v1/models",
        )
    return found
