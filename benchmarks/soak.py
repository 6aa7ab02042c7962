"""Hours under fire: clients that ask, leave and swap while layers are replaced.

    python benchmarks/soak.py --minutes 60

Eight clients ask a server for random layers and blends, whole or streamed, for scores, and for
answers under a schema; some leave in the middle, some change the default. Meanwhile layer files are
replaced by other versions, taken away and put back. Each greedy answer is compared with a cold one:
a context that has seen nothing, with the versions that the reply names. The base is a random one;
where its two best logits lie closer than rounding may move them, nothing is compared. Beginnings
that lose their slot are kept in 32 MB, so that this store is full long before memory is judged.

Exit code 1: an answer was wrong, a request failed without a reason that this load explains, or
memory grew by more than two in a hundred between a fifth of the time and its end.
"""

import argparse
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from serving_model import Shape, write_base, write_layer
from soak_clients import NAMES, Client, Tally
from soak_cold import N_CTX, Cold, compare

from lamina.serving.launch import running_server
from lamina.serving.llama import ContextOptions, open_base, quiet

SHAPE = Shape(256, 4, 4, 4, 768, vocabulary=2000)
VERSIONS, N_SLOTS = 3, 4
WARM_MB = 32
MOST_GROWTH = 0.02


def promote(folder: Path, versions: Path, seed: int, tally: Tally) -> None:
    """Replace a layer every half second or so; now and then take one away for a moment."""
    one = random.Random(seed)
    while not tally.over.wait(one.uniform(0.1, 1.0)):
        name = one.choice(NAMES)
        shutil.copyfile(versions / f"{name}{one.randrange(VERSIONS)}.gguf", folder / "new")
        if one.random() < 0.1:
            (folder / f"{name}.gguf").unlink()
            tally.counts["taken away"] += 1
            tally.over.wait(0.2)
        (folder / "new").rename(folder / f"{name}.gguf")
        tally.counts["promoted"] += 1


def watch(server: psutil.Process, began_s: float, tally: Tally) -> None:
    """The server's memory, every two seconds."""
    while not tally.over.wait(2):
        tally.sizes.append((time.monotonic() - began_s, server.memory_info().rss))


@contextmanager
def soaking(model: Path, folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """A server, and its process."""
    flags = ["--quiet", "--queue", "64", "--warm-memory-mb", str(WARM_MB)]
    with running_server(
        model, adapters=folder, n_ctx=N_CTX, n_threads=1, n_parallel=N_SLOTS, more=flags
    ) as url:
        (child,) = psutil.Process().children()
        yield url, child


def main() -> int:
    """Soak, and say what was seen."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tally = Tally()
    quiet()
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        model, versions, folder = root / "base.gguf", root / "versions", root / "layers"
        versions.mkdir()
        folder.mkdir()
        write_base(model, SHAPE, "f16")
        for number, name in enumerate(NAMES):
            for version in range(VERSIONS):
                path = versions / f"{name}{version}.gguf"
                write_layer(path, SHAPE, seed=10 * number + version)
            shutil.copyfile(versions / f"{name}0.gguf", folder / f"{name}.gguf")
        context = ContextOptions(n_ctx=N_CTX, n_slots=1, n_threads=1)
        with open_base(model, context) as base, soaking(model, folder) as (url, server):
            began_s = time.monotonic()
            helpers = [
                threading.Thread(target=promote, args=(folder, versions, options.seed, tally)),
                threading.Thread(target=watch, args=(server, began_s, tally)),
            ]
            clients = [Client(url, 100 * options.seed + n, tally) for n in range(options.clients)]
            for thread in (*helpers, *clients):
                thread.start()
            ending = threading.Timer(60 * options.minutes, tally.over.set)
            ending.start()
            compare(Cold(base, versions), tally)
            for thread in (*helpers, *clients):
                thread.join(130)
    return report(options, tally)


def report(options: argparse.Namespace, tally: Tally) -> int:
    """Figures, and the exit code."""
    warm = [size for at_s, size in tally.sizes if at_s >= 12 * options.minutes]
    growth = max(warm[-5:]) / max(warm[:5]) - 1
    print(f"{options.minutes:g} minutes, {options.clients} clients, seed {options.seed}")
    for name, count in sorted(tally.counts.items()):
        print(f"{count:8} {name}")
    print(
        f"memory: {warm[0] / 1e6:.1f} MB after a fifth, {warm[-1] / 1e6:.1f} MB at the end, ",
        end="",
    )
    print(f"growth {100 * growth:.2f} %")
    told = [size for _, size in tally.sizes][:: max(len(tally.sizes) // 10, 1)]
    print("memory over time, MB:", " ".join(f"{size / 1e6:.1f}" for size in told))
    for one in tally.wrong[:20]:
        print("WRONG", one)
    print(f"{len(tally.wrong)} wrong")
    return int(bool(tally.wrong) or growth > MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
