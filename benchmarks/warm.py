"""A long chat that returns to its layer after others were asked: how soon it goes on.

    python benchmarks/warm.py --base FILE.gguf [--layers 25] [--tokens 2000] [--threads 2]
        [--repeats 3] [--ways memory disk none] [--out FILE]

Layers have random weights, which cost what trained ones do. A chat of so many words, about as many
tokens, is asked of the first layer; then each of the others is asked something short of its own;
then the chat comes back. Milliseconds to the first token, by the server's own clock: cold is the
chat's first visit, warm its return. No two turns share a beginning.
"""

import argparse
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
from scoring import shape_of
from serving_model import write_layer

from lamina.serving.launch import running_server

WAYS = {
    "memory": ["--warm-memory-mb", "4096"],
    "disk": ["--warm-memory-mb", "64", "--warm-disk-mb", "8192"],
    "none": ["--warm-memory-mb", "0"],
}
WORDS = ("lease", "term", "rate", "asset", "note", "value", "share", "plan", "cost", "loss", "tax")
HEAD = (
    "| kept in | prompt tokens | cold ms | back after others ms | ratio | tokens found "
    "| same answers | MB kept | copying, ms a turn |\n|---|---|---|---|---|---|---|---|---|"
)


class Turn(NamedTuple):
    """Milliseconds to the first token, and tokens of the prompt that were not evaluated."""

    cold_ms: float
    warm_ms: float
    reused: int
    tokens: int
    same: bool


def text(turn: int, words: int) -> str:
    """Words in an order of this turn's own."""
    return " ".join(WORDS[(turn * 7 + n * n + n // 5) % len(WORDS)] for n in range(words))


def ask(client: httpx.Client, model: str, content: str) -> tuple[dict[str, float], str]:
    """What it cost, and what was said."""
    body = {
        "model": model,
        "messages": [{"role": "user", "content": content}],
        "max_tokens": 8,
        "temperature": 0,
    }
    reply = client.post("/v1/chat/completions", json=body)
    reply.raise_for_status()
    said = reply.json()
    return said["lamina"], said["choices"][0]["message"]["content"]


def turns(client: httpx.Client, layers: list[str], words: int, count: int) -> Iterator[Turn]:
    """Each turn's chat, cold and warm."""
    for turn in range(count):
        chat = f"{turn} {text(turn, words)}"
        cold, first = ask(client, layers[0], chat)
        for other in layers[1:]:
            ask(client, other, f"{other} {turn}: {text(turn, 100)}")
        warm, second = ask(client, layers[0], chat)
        tokens = cold["prompt_tokens_evaluated"] + cold["prompt_tokens_reused"]
        yield Turn(
            cold["first_token_ms"],
            warm["first_token_ms"],
            int(warm["prompt_tokens_reused"]),
            int(tokens),
            first == second,
        )


def figures(client: httpx.Client) -> dict[str, float]:
    """The server's own figures."""
    lines = client.get("/metrics").text.splitlines()
    return {name: float(value) for name, value in (x.split() for x in lines if x[0] != "#")}


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--layers", type=int, default=25)
    parser.add_argument("--tokens", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=WAYS)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    lines = [HEAD]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        layers = [f"L{number}" for number in range(options.layers)]
        for number, layer in enumerate(layers):
            write_layer(folder / f"{layer}.gguf", shape_of(options.base), seed=number)
        for way in options.ways:
            lines.append(_line(way, options, folder, layers))
            print(lines[-1], flush=True)
    report = "\n".join(lines) + "\n"
    print(report)
    if options.out:
        options.out.write_text(report, encoding="utf-8")


def _line(way: str, options: argparse.Namespace, folder: Path, layers: list[str]) -> str:
    with (
        running_server(
            options.base, adapters=folder, n_threads=options.threads, more=WAYS[way]
        ) as url,
        httpx.Client(base_url=url, timeout=600, trust_env=False) as client,
    ):
        for layer in layers:
            ask(client, layer, "warm-up")  # every layer is loaded
        done = list(turns(client, layers, options.tokens, options.repeats))
        now = figures(client)
    cold = statistics.median(turn.cold_ms for turn in done)
    warm = statistics.median(turn.warm_ms for turn in done)
    kept = (now["lamina_warm_bytes"] + now["lamina_warm_disk_bytes"]) / 1e6
    copying = 1000 * now["lamina_warm_copy_seconds_total"] / len(done)
    return (
        f"| {way} | {done[0].tokens} | {cold:.0f} | {warm:.0f} | {100 * warm / cold:.1f} % "
        f"| {min(turn.reused for turn in done)} | {sum(turn.same for turn in done)} of {len(done)} "
        f"| {kept:.0f} | {copying:.0f} |"
    )


if __name__ == "__main__":
    main()
