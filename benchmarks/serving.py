"""The server under load, beside its peers: tokens per second, pauses, swaps, memory, overhead.

    python benchmarks/serving.py [--shape 1.1B] [--kind q4] [--requests 1,4,8,16] [--out FILE]
        [--llama-server PATH] [--llama-cpp-python] [--model FILE] [--only PART]...

Makes its own random-weight model, or takes `--model` (throughput and steps). Every request has its
own prompt, so nothing is reused, and generates a fixed number of tokens. Peers are started here,
with the same model, threads, context, flash attention and spinning (GOMP_SPINCOUNT, which libgomp
reads when it is loaded). Both stand at the same time, are warmed up, and are asked in an order that
turns. Ratios of one run are what counts: absolute figures move with the machine.

llama-server of the same source, with the flags that `make setup` builds llama-cpp-python with:

    tar xzf .venv/share/sources/llama_cpp_python-*.tar.gz -C /tmp
    cd /tmp/llama_cpp_python-*/vendor/llama.cpp
    cmake -B build -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=ON -DLLAMA_BUILD_TESTS=OFF \
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
import serving_steps
from serving_load import Start, bodies, drive, processor_s, servers, youngest_child
from serving_model import SHAPES, write_base, write_layer

PARTS = ("throughput", "steps", "mixture", "swaps", "residents", "overhead")


def throughput(found: dict[str, Start], options: argparse.Namespace) -> str:
    """Tokens per second, pauses and processor time at each number of requests, of runs in turn."""
    heads = ("tokens/s", "p95 between tokens, ms", "first token, ms", "processor, ms a token")
    lines = [f"| concurrent | server | {' | '.join(heads)} |", "|---|---|---|---|---|---|"]
    for count in options.requests:
        names = [name for name in found if name != "llama_cpp.server" or count in {1, 8}]
        runs: dict[str, list[tuple[float, ...]]] = {name: [] for name in names}
        with ExitStack() as stack:
            urls, processes = {}, {}
            for name in names:
                urls[name] = stack.enter_context(found[name](count))
                processes[name] = youngest_child()
            for url in urls.values():
                drive(url, bodies(count, argparse.Namespace(**{**vars(options), "tokens": 8})))
            for turn in range(options.repeat):
                for place in range(len(names)):
                    name = names[(turn + place) % len(names)]
                    before_s = processor_s(processes[name])
                    load = drive(urls[name], bodies(count, options))
                    work_ms = 1000 * (processor_s(processes[name]) - before_s) / load.tokens
                    first_ms = statistics.median(load.first_ms)
                    runs[name].append((load.rate, load.p95_ms, first_ms, work_ms))
        columns = {name: list(zip(*measured, strict=True)) for name, measured in runs.items()}
        new = [f"| {count} | {name} | {_told(columns[name])} |" for name in names]
        if "llama-server" in columns:
            pairs = zip(columns["lamina"], columns["llama-server"], strict=True)
            ratios = [statistics.median(one) / statistics.median(two) for one, two in pairs]
            new.append(f"| {count} | ratio | {' | '.join(f'{one:.3f}' for one in ratios)} |")
        print("\n".join(new), flush=True)
        lines += new
    return "\n".join(lines)


def _told(columns: list[tuple[float, ...]]) -> str:
    """Medians, and in brackets the least and the most."""
    return " | ".join(
        f"{statistics.median(column):.1f} ({min(column):.1f} to {max(column):.1f})"
        for column in columns
    )


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
    add("--repeat", type=int, default=5, help="runs of each server; medians are told")
    add("--flash", choices=("on", "off"), default="off", help="flash attention, for both servers")
    add("--model", type=Path, help="a real base instead of random weights: throughput and steps")
    add("--llama-server", help="binary built from the same source distribution")
    add("--llama-cpp-python", action="store_true", help="also python -m llama_cpp.server, at 1, 8")
    add("--only", choices=PARTS, action="append")
    add("--out", type=Path)
    return parser.parse_args()


def _measure(part: str, found: dict[str, Start], folder: Path, options: argparse.Namespace) -> str:
    model, layers = options.model or folder / "model.gguf", folder / "layers"
    match part:
        case "steps":
            return serving_steps.steps(model, options)
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
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # llama.cpp is loaded later, here and there
    random.seed(1)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        shape = SHAPES[options.shape]
        (folder / "layers").mkdir()
        if not options.model:
            write_base(folder / "model.gguf", shape, options.kind)
            for number in range(serving_layers.N_SETS):
                write_layer(folder / "layers" / f"L{number}.gguf", shape, seed=number)
        model = options.model or folder / "model.gguf"
        found = servers(model, folder / "layers", options)
        commit = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip()
        texts = [
            (
                f"{options.model.name if options.model else f'{options.shape} {options.kind}'}, "
                f"{options.threads} threads, prompt of {options.prompt} + {options.tokens} tokens, "
                f"flash attention {options.flash}, GOMP_SPINCOUNT {os.environ['GOMP_SPINCOUNT']}, "
                f"{options.repeat} runs: medians (least to most), {platform.machine()}, "
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
