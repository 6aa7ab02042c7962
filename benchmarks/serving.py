"""The server under load, beside its peers: tokens per second, pauses, swaps, memory, overhead.

    python benchmarks/serving.py [--shape 1.1B] [--kind q4] [--requests 1,4,8,16] [--out FILE]
        [--llama-server PATH] [--llama-cpp-python] [--only PART]...

Makes its own random-weight model. Every request has its own prompt of words that are one token
each, so nothing is reused, and generates a fixed number of tokens. Peers are started here, with
the same model, threads and context. Ratios of one run are what counts: absolute figures move with
the machine.

llama-server of the same source, with the flags that `make setup` builds llama-cpp-python with:

    tar xzf .venv/share/sources/llama_cpp_python-*.tar.gz -C /tmp
    cd /tmp/llama_cpp_python-*/vendor/llama.cpp
    export CFLAGS="-mno-amx-int8 -mno-amx-tile" CXXFLAGS="-mno-amx-int8 -mno-amx-tile"  # x86_64
    cmake -B build -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DLLAMA_BUILD_TESTS=OFF \
        -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_UI=OFF \
        -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_CURL=OFF
    cmake --build build --target llama-server -j2

`--llama-cpp-python` needs what that server imports: `pip install sse-starlette starlette-context`.
"""

import argparse
import os
import platform
import random
import statistics
import subprocess
import tempfile
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

import httpx
import serving_layers
from serving_load import Start, bodies, drive, servers
from serving_model import SHAPES, write_base, write_layer

PARTS = ("throughput", "mixture", "swaps", "residents", "overhead")


def throughput(found: dict[str, Start], options: argparse.Namespace) -> str:
    """Total tokens per second and pauses at each number of concurrent requests, medians of runs."""
    lines = ["| concurrent | server | tokens/s | p95 between tokens, ms | first token, ms |"]
    lines += ["|---|---|---|---|---|"]
    for count in options.requests:
        names = [name for name in found if name != "llama_cpp.server" or count in {1, 8}]
        runs: dict[str, list[tuple[float, float, float]]] = {name: [] for name in names}
        for _ in range(options.repeat):
            for name in names:  # in turn, so that all meet the same machine
                with found[name](count) as url:
                    drive(url, bodies(1, options))
                    load = drive(url, bodies(count, options))
                runs[name].append((load.rate, load.p95_ms, statistics.median(load.first_ms)))
        for name, measured in runs.items():
            rate, p95, first = (statistics.median(column) for column in zip(*measured, strict=True))
            lines.append(f"| {count} | {name} | {rate:.1f} | {p95:.0f} | {first:.0f} |")
            print(lines[-1], flush=True)
    return "\n".join(lines)


def overhead(found: dict[str, Start], options: argparse.Namespace) -> str:
    """Milliseconds a token outside llama.cpp: sampling, text, events, HTTP, and the client."""
    lines = []
    options = argparse.Namespace(**{**vars(options), "prompt": 8, "tokens": 200})
    for count in (1, 8):
        with found["lamina"](count) as url:
            drive(url, bodies(count, options))
            before = _decode_s(url)
            load = drive(url, bodies(count, options))
            inside = _decode_s(url) - before
        lines.append(
            f"{count} streams: {1000 * (load.seconds - inside) / load.tokens:.2f} ms a token "
            f"outside llama.cpp, {1000 * inside / load.tokens:.2f} inside."
        )
    return "\n".join(lines)


def _decode_s(url: str) -> float:
    for line in httpx.get(f"{url}/metrics", trust_env=False).text.splitlines():
        if line.startswith("lamina_decode_seconds_total "):
            return float(line.split()[1])
    return 0.0


def _options() -> argparse.Namespace:
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
    add("--repeat", type=int, default=1, help="runs of each server; medians are told")
    add("--llama-server", help="binary built from the same source distribution")
    add("--llama-cpp-python", action="store_true", help="also python -m llama_cpp.server, at 1, 8")
    add("--only", choices=PARTS, action="append")
    add("--out", type=Path)
    return parser.parse_args()


def _measure(part: str, found: dict[str, Start], folder: Path, options: argparse.Namespace) -> str:
    model, layers = folder / "model.gguf", folder / "layers"
    match part:
        case "throughput":
            return throughput(found, options)
        case "mixture":
            return serving_layers.mixture(found, model, layers, options)
        case "swaps":
            return serving_layers.swaps(found, model, layers, options)
        case "residents":
            return serving_layers.residents(found, SHAPES[options.shape], layers, options)
        case _:
            return overhead(found, options)


def main() -> None:
    """Run what was asked for and write the tables."""
    options = _options()
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # as the server does, for the library's figures
    random.seed(1)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        shape = SHAPES[options.shape]
        model = write_base(folder / "model.gguf", shape, options.kind)
        (folder / "layers").mkdir()
        for number in range(serving_layers.N_SETS):
            write_layer(folder / "layers" / f"L{number}.gguf", shape, seed=number)
        found = servers(model, folder / "layers", options)
        commit = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip()
        texts = [
            (
                f"{options.shape} shape, {options.kind}, {options.threads} threads, prompt of "
                f"{options.prompt} + {options.tokens} tokens, {platform.machine()}, "
                f"llama-cpp-python {version('llama-cpp-python')}, commit {commit}, load before: "
                f"{os.getloadavg()[0]:.1f}."
            )
        ]
        print(texts[0], flush=True)
        for part in options.only or PARTS:
            texts.append(_measure(part, found, folder, options))
            print(f"\n{texts[-1]}", flush=True)
    if options.out:
        options.out.write_text("\n\n".join(texts) + "\n")


if __name__ == "__main__":
    main()
