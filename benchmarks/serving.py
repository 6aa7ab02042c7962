"""The server under load, beside its peers: tokens per second, pauses, swaps, memory.

    python benchmarks/serving.py [--shape 1.1B] [--kind q4] [--requests 1,4,8,16] [--out FILE]
        [--llama-server PATH] [--llama-cpp-python]

Makes its own random-weight model. Every request has its own prompt of words that are one token
each, so nothing is reused, and generates a fixed number of tokens. Peers are started here, with
the same model, threads and context. Ratios of one run are what counts: absolute figures move with
the machine.
"""

import argparse
import asyncio
import json
import os
import platform
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from serving_model import SHAPES, write_base, write_layer

from lamina.serving.launch import running_server

N_SETS = 8


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
            "prompt": " ".join(f"w{random.randrange(31000)}" for _ in range(options.prompt - 1)),
            "max_tokens": options.tokens,
            "temperature": 0,
            "ignore_eos": True,
            "stream": True,
            "cache_prompt": False,
            "logit_bias": {"2": -100} if options.llama_cpp_python else {},
            **({"model": models[number % len(models)]} if models[number % len(models)] else {}),
        }
        for number in range(count)
    ]


# -- servers --------------------------------------------------------------------------------------


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
                    sys.exit(f"{line[0]} ended with {child.returncode}")
                try:
                    if httpx.get(url + ready, trust_env=False).is_success:
                        break
                except httpx.HTTPError:
                    pass
                time.sleep(0.2)
            yield url
        finally:
            child.terminate()


def servers(
    model: Path, layers: Path, options: argparse.Namespace
) -> dict[str, Callable[[int], object]]:
    """Name -> a context manager that starts it for so many concurrent requests."""
    n_ctx = 256 * -(-(options.prompt + options.tokens) // 256)
    threads = str(options.threads)

    def lamina(count: int) -> object:
        return running_server(
            model,
            adapters=layers,
            n_ctx=n_ctx,
            n_threads=options.threads,
            n_parallel=count,
            more=["--quiet"],
        )

    found: dict[str, Callable[[int], object]] = {"lamina": lamina}
    common = ["--host", "127.0.0.1", "--port", "{port}"]
    if options.llama_server:
        found["llama-server"] = lambda count: peer(
            [
                *(options.llama_server, "-m", str(model), "-c", str(n_ctx * count)),
                *("-np", str(count), "-t", threads, "-tb", threads, *common),
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


# -- measurements ---------------------------------------------------------------------------------


def throughput(found: dict, options: argparse.Namespace) -> list[str]:
    """Total tokens per second and pauses at each number of concurrent requests."""
    lines = ["| concurrent | server | tokens/s | p95 between tokens, ms | first token, ms |"]
    lines += ["|---|---|---|---|---|"]
    for count in options.requests:
        for name, start in found.items():
            with start(count) as url:
                drive(url, bodies(1, options))
                load = drive(url, bodies(count, options))
            first = statistics.median(load.first_ms)
            lines.append(
                f"| {count} | {name} | {load.rate:.1f} | {load.p95_ms:.0f} | {first:.0f} |"
            )
            print(lines[-1], flush=True)
    return lines


def mixture(found: dict, options: argparse.Namespace) -> list[str]:
    """Sixteen requests on one layer set, then the same over eight sets."""
    names = tuple(f"L{number}" for number in range(N_SETS))
    count = 2 * N_SETS
    with found["lamina"](count) as url:
        drive(url, bodies(N_SETS, options, names)[:1])
        one = drive(url, bodies(count, options, names[:1]))
        many = drive(url, bodies(count, options, names))
    waits = max(many.first_ms) / statistics.median(many.first_ms)
    return [
        f"{count} requests on one layer set: {one.rate:.1f} tokens/s;",
        f"over {N_SETS} sets: {many.rate:.1f} tokens/s ({many.rate / one.rate:.2f} x).",
        f"Longest wait for a first token: {waits:.1f} x the median.",
    ]


def swaps(found: dict, options: argparse.Namespace) -> list[str]:
    """First use of a layer, a swap to a resident one, and a prefill without any swap."""
    short = argparse.Namespace(**{**vars(options), "tokens": 1})

    def first_token(url: str, model: str) -> float:
        body = bodies(1, short, (model,))[0] | {"stream": False}
        reply = httpx.post(f"{url}/v1/completions", json=body, timeout=300, trust_env=False)
        return float(reply.json()["lamina"]["first_token_ms"])

    with found["lamina"](1) as url:
        first_token(url, "base")
        stay = statistics.median(first_token(url, "base") for _ in range(5))
        unseen = [first_token(url, f"L{number}") for number in range(N_SETS)]
        swap = statistics.median(first_token(url, f"L{number % 2}") for number in range(6))
        hold = statistics.median(first_token(url, "L1") for _ in range(5))
        size = sum(layer["size_bytes"] for layer in _get(url, "/lora-adapters"))
        resident = _resident_mb(url)
    return [
        f"First token of a prompt of {options.prompt} tokens, ms, medians:",
        f"base {stay:.0f}, one layer without swap {hold:.0f},",
        f"after a swap to a resident layer {swap:.0f},",
        f"first use of a layer {statistics.median(unseen):.0f}.",
        f"{N_SETS} resident layers, files of {size / 1e6:.0f} MB: {resident:.0f} MB as counted.",
    ]


def _get(url: str, path: str) -> list[dict]:
    return httpx.get(url + path, trust_env=False).json()


def _resident_mb(url: str) -> float:
    for line in httpx.get(f"{url}/metrics", trust_env=False).text.splitlines():
        if line.startswith("lamina_resident_bytes "):
            return float(line.split()[1]) / 1e6
    return 0.0


def _counts(text: str) -> list[int]:
    return [int(one) for one in text.split(",")]


def main() -> None:
    """Run what was asked for and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    add = parser.add_argument
    add("--shape", choices=SHAPES, default="1.1B")
    add("--kind", choices=("q4", "f16"), default="q4")
    add(
        "--requests", type=lambda text: [int(one) for one in text.split(",")], default=[1, 4, 8, 16]
    )
    add("--prompt", type=int, default=128)
    add("--tokens", type=int, default=64)
    add("--threads", type=int, default=len(os.sched_getaffinity(0)))
    add("--llama-server", help="binary built from the same source distribution")
    add("--llama-cpp-python", action="store_true", help="also python -m llama_cpp.server")
    add("--only", choices=("throughput", "mixture", "swaps"), action="append")
    add("--out", type=Path)
    options = parser.parse_args()
    random.seed(1)
    wanted = options.only or ["throughput", "mixture", "swaps"]
    parts = {"throughput": throughput, "mixture": mixture, "swaps": swaps}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        shape = SHAPES[options.shape]
        model = write_base(folder / "model.gguf", shape, options.kind)
        (folder / "layers").mkdir()
        for number in range(N_SETS):
            write_layer(folder / "layers" / f"L{number}.gguf", shape, seed=number)
        found = servers(model, folder / "layers", options)
        lines = [
            f"{options.shape} shape, {options.kind}, {options.threads} threads,",
            f"prompt of {options.prompt} + {options.tokens} tokens,",
            f"{platform.machine()}, load of the machine before: {os.getloadavg()[0]:.1f}.",
            "",
        ]
        for name in wanted:
            lines += [*parts[name](found, options), ""]
    text = "\n".join(lines)
    print(text)
    if options.out:
        options.out.write_text(text)


if __name__ == "__main__":
    main()
