"""What layers cost the server: swaps, first use, pauses of running answers, memory, mixed load."""

import argparse
import statistics
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from serving_load import Start, bodies, drive, youngest_child
from serving_model import Shape, write_layer

if TYPE_CHECKING:  # loaded when the environment says how its threads wait
    from lamina.serving.llama import Base

N_SETS = 8
N_RESIDENT = 25
N_AT_REST = 5  # of them loaded while nothing runs


def mixture(found: dict[str, Start], model: Path, layers: Path, options: argparse.Namespace) -> str:
    """Sixteen requests on one layer set, the same over eight, and what llama.cpp itself allows."""
    names = tuple(f"L{number}" for number in range(N_SETS))
    count = 2 * N_SETS
    with found["lamina"](count) as url:
        drive(url, bodies(N_SETS, options, names)[:1])
        one = drive(url, bodies(count, options, names[:1]))
        many = drive(url, bodies(count, options, names))
    waits = max(many.first_ms) / statistics.median(many.first_ms)
    bound_one, bound_many = _bounds(model, layers, options)
    return "\n".join(
        (
            "| 16 requests on | tokens/s | llama.cpp alone | share |",
            "|---|---|---|---|",
            f"| one layer set | {one.rate:.1f} | {bound_one:.1f} | {one.rate / bound_one:.2f} |",
            (
                f"| {N_SETS} sets | {many.rate:.1f} | {bound_many:.1f} | "
                f"{many.rate / bound_many:.2f} |"
            ),
            f"| ratio | {many.rate / one.rate:.2f} | {bound_many / bound_one:.2f} | |",
            "",
            f"Longest wait for a first token: {waits:.1f} x the median.",
        )
    )


def _bounds(model: Path, layers: Path, options: argparse.Namespace) -> tuple[float, float]:
    """Tokens per second of one set and of eight, in the library, without a server or a swap.

    Layers belong to a context, so eight sets of two requests each decode two by two.
    """
    from lamina.serving.llama import ContextOptions, open_base, quiet

    count = 2 * N_SETS
    quiet()
    context = ContextOptions(options.prompt + options.tokens, count, n_threads=options.threads)
    with open_base(model, context) as base:
        base.apply(((base.load_adapter(layers / "L0.gguf"), 1.0),))
        prompts = statistics.median(_prefill_s(base, slot, options) for slot in range(count))
        pair = statistics.median(_decode_s(base, 2, step, options) for step in range(20))
        whole = statistics.median(_decode_s(base, count, step, options) for step in range(20))
    steps = options.tokens - 1  # the first token comes with the prompt
    tokens = count * options.tokens
    together = tokens / (count * prompts + steps * whole)
    return together, tokens / (count * prompts + steps * N_SETS * pair)


def _prefill_s(base: "Base", slot: int, options: argparse.Namespace) -> float:
    base.forget(slot)
    started_s = time.perf_counter()
    base.evaluate([300 + slot] * options.prompt, position=0, slot=slot)
    return time.perf_counter() - started_s


def _decode_s(base: "Base", count: int, step: int, options: argparse.Namespace) -> float:
    base.batch.clear()
    for slot in range(count):
        if step == 0:
            base.forget(slot, options.prompt)
        base.batch.add([300], position=options.prompt + step, slot=slot, wanted_from=0)
    started_s = time.perf_counter()
    base.decode()
    return time.perf_counter() - started_s


def swaps(found: dict[str, Start], model: Path, layers: Path, options: argparse.Namespace) -> str:
    """First use of a layer, a swap to a resident one, and a prefill without any swap."""
    short = argparse.Namespace(**{**vars(options), "tokens": 1})

    def first_token(url: str, name: str) -> float:
        body = bodies(1, short, (name,))[0] | {"stream": False}
        started_s = time.perf_counter()
        httpx.post(f"{url}/v1/completions", json=body, timeout=300, trust_env=False)
        return 1000 * (time.perf_counter() - started_s)

    with found["lamina"](1) as url:
        first_token(url, "L0")
        stay, swapped = [], []
        for number in range(8):  # in turn, so that both meet the same machine
            stay.append(first_token(url, "L0"))
            httpx.post(f"{url}/v1/score", json={"model": "L1", "texts": ["w1"]}, trust_env=False)
            swapped.append(first_token(url, "L0"))
            if number < N_SETS - 2:
                stay.append(first_token(url, "L0"))
        unseen = [first_token(url, f"L{number}") for number in range(2, N_SETS)]
    stayed, after = statistics.median(stay), statistics.median(swapped)
    return "\n".join(
        (
            f"First token over HTTP, prompt of {options.prompt} tokens, medians: without a swap",
            f"{stayed:.0f} ms, after a swap to a resident layer {after:.0f} ms",
            f"({100 * (after / stayed - 1):+.1f} %), first use of a layer",
            f"{statistics.median(unseen):.0f} ms (+{statistics.median(unseen) - stayed:.0f} ms).",
            _swap_in_library(model, layers, options),
        )
    )


def _swap_in_library(model: Path, layers: Path, options: argparse.Namespace) -> str:
    """The work of a swap itself, and what the next step costs more for it."""
    from lamina.serving.llama import ContextOptions, open_base, quiet

    quiet()
    context = ContextOptions(options.prompt + options.tokens, 2, n_threads=options.threads)
    with open_base(model, context) as base:
        sets = [((base.load_adapter(layers / f"L{number}.gguf"), 1.0),) for number in range(2)]
        work, stay, after = [], [], []
        for step in range(20):
            started_s = time.perf_counter()
            base.apply(sets[step % 2])
            work.append(1000 * (time.perf_counter() - started_s))
            after.append(1000 * _decode_s(base, 1, 2 * step, options))
            stay.append(1000 * _decode_s(base, 1, 2 * step + 1, options))
    more = statistics.median(after) - statistics.median(stay)
    return (
        f"In the library: applying a resident set {statistics.median(work):.2f} ms, "
        f"the step after it {more:+.1f} ms of {statistics.median(stay):.0f}."
    )


def residents(
    found: dict[str, Start], shape: Shape, layers: Path, options: argparse.Namespace
) -> str:
    """Layers never seen are put in place, at rest and beside an answer: times, pauses, memory."""
    options = argparse.Namespace(**{**vars(options), "prompt": 8, "tokens": 200})
    prepared = [
        write_layer(layers / f".N{number}", shape, seed=1000 + number)
        for number in range(N_RESIDENT)
    ]
    size = sum(path.stat().st_size for path in prepared)
    with found["lamina"](1) as url:
        quiet_load = drive(url, bodies(1, options))
        before = _anonymous_bytes()
        at_rest = [_put_in_place(url, path) for path in prepared[:N_AT_REST]]
        busy: list[tuple[float, float]] = []
        loading = threading.Thread(
            target=lambda: busy.extend(_put_in_place(url, path) for path in prepared[N_AT_REST:])
        )
        loading.start()
        while loading.is_alive():
            busy_load = drive(url, bodies(1, options, ("base",)))
        loading.join()
        grown = _anonymous_bytes() - before
    return "\n".join(
        (
            f"{N_RESIDENT} layers never seen, {size / N_RESIDENT / 1e6:.1f} MB each, from file",
            f"to loaded: at rest {_told(at_rest)}; while an answer ran {_told(busy)}.",
            f"Between two tokens of the answer: median {statistics.median(busy_load.gaps_ms):.0f},",
            f"longest {max(busy_load.gaps_ms):.0f} ms; without loading",
            f"{statistics.median(quiet_load.gaps_ms):.0f} and {max(quiet_load.gaps_ms):.0f} ms.",
            f"Memory: files {size / 1e6:.0f} MB, process grown by {grown / 1e6:.0f} MB",
            f"({100 * (grown / size - 1):+.1f} %).",
        )
    )


def _put_in_place(url: str, prepared: Path) -> tuple[float, float]:
    """Milliseconds until a new layer is loaded, and of them on the engine's thread."""
    name = f"N{prepared.name[2:]}"
    started_s = time.perf_counter()
    prepared.rename(prepared.with_name(f"{name}.gguf"))
    order = [{"name": name, "scale": 1.0}]
    reply = httpx.post(f"{url}/lora-adapters", json=order, timeout=60, trust_env=False).json()
    return 1000 * (time.perf_counter() - started_s), reply["load_ms"]


def _told(times: list[tuple[float, float]]) -> str:
    whole, engine = zip(*times, strict=True)
    return (
        f"{statistics.median(whole):.0f} ms (longest {max(whole):.0f}), of them on the engine's "
        f"thread {statistics.median(engine):.0f}"
    )


def _anonymous_bytes() -> int:
    """Memory of the server's process that is no file: the benchmark's only living child's."""
    text = Path(f"/proc/{youngest_child()}/status").read_text()
    line = next(line for line in text.splitlines() if line.startswith("RssAnon"))
    return 1024 * int(line.split()[1])
