"""Ten minutes of one GPU: LoRA and QLoRA of a 7B shape, checked, timed, and beside TRL.

    python benchmarks/training_gpu.py [--parts check matrix peer layer] [--out FILE]
    python benchmarks/training_gpu.py --parts layer --base FOLDER --rows FOLDER
    python benchmarks/training_gpu.py --smoke      # a tiny shape on the CPU: does the script work?

Needs one CUDA GPU, 16 GB of free disk for random weights of Mistral-7B's shape, and the `train`
extra; the peer needs trl besides, and is left out where it is missing.

- check: gradients of two blocks of that width over bfloat16 and NF4 against float32, each document
  alone; memory given back at the end.
- matrix: {bfloat16, NF4} x {PEFT's blocks with a loop over documents, the same with the kernel for
  packs, ours} x {passes of 2,048, of 8,192 tokens}; steps of 8,192 tokens, the first three dropped.
- peer: TRL's SFTTrainer, packed, without recomputed activations, on the same documents.
- layer: rows of a real topic through the product's own worker process, in NF4 and in bfloat16.

All train rank 16 on all linear modules with dropout. Tokens are those that went through the model,
times are medians of steps. MFU counts 4 operations a frozen weight and token, against the card's
bfloat16 rate by its data sheet; the rate that products reach on it is measured beside.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
import traceback
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import gpu_layer
import gpu_matrix
import gpu_peer
from gpu_shapes import Bench, clock

from lamina.training.memory import prepare

PARTS = {
    "check": gpu_matrix.check,
    "matrix": gpu_matrix.matrix,
    "peer": gpu_peer.peer,
    "layer": gpu_layer.layer,
    "profile": gpu_matrix.profile,
}
USUAL = ["check", "matrix", "peer", "layer"]


def main() -> None:
    """Run the parts, print a table each, and keep all figures."""
    options = parsed()
    import torch

    if not options.smoke and not torch.cuda.is_available():
        sys.exit("this benchmark needs a CUDA GPU; --smoke tries the script itself on a CPU")
    work = options.work or Path(tempfile.mkdtemp(prefix="lamina-gpu-"))
    bench = Bench(
        work, options.smoke, options.base, options.rows,
        tuple(options.weights), tuple(options.blocks), tuple(options.passes),
    )  # fmt: skip
    prepare()
    found: dict[str, Any] = {"machine": machine(), "ceiling_flops": ceiling(smoke=options.smoke)}
    print(json.dumps(found), flush=True)
    try:
        for part in options.parts:
            with clock(part):
                found[part] = tried(part, bench)
            if options.out:
                options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    finally:
        if not options.work:
            shutil.rmtree(work)


def tried(part: str, bench: Bench) -> list[dict[str, Any]] | str:
    """A part that fails does not cost a lease the others."""
    try:
        return PARTS[part](bench)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        traceback.print_exc()
        return f"failed: {error}"


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=USUAL)
    parser.add_argument("--weights", nargs="+", choices=gpu_matrix.WEIGHTS, help="of the matrix")
    parser.add_argument("--blocks", nargs="+", choices=gpu_matrix.BLOCKS, help="of the matrix")
    parser.add_argument("--passes", nargs="+", type=int, default=[4, 1], help="a step, how many")
    parser.set_defaults(weights=list(gpu_matrix.WEIGHTS), blocks=list(gpu_matrix.BLOCKS))
    parser.add_argument("--base", type=Path, help="a base in Hugging Face form for `layer`")
    parser.add_argument("--rows", type=Path, help="folder with train.jsonl and validation.jsonl")
    parser.add_argument("--out", type=Path, help="all figures, as JSON")
    parser.add_argument("--work", type=Path, help="keeps the random weights for another run")
    parser.add_argument("--smoke", action="store_true", help="tiny shape, CPU, under a minute")
    return parser.parse_args()


def machine() -> dict[str, str]:
    """Card and versions."""
    import torch

    names = ("torch", "transformers", "peft", "bitsandbytes", "accelerate")
    cuda = torch.cuda.is_available()
    return {
        "device": torch.cuda.get_device_name() if cuda else "cpu",
        "cuda": str(torch.version.cuda),
        **{name: version(name) for name in names},
    }


def ceiling(*, smoke: bool) -> float:
    """Operations a second of a large bfloat16 product of random numbers: median of ten."""
    import torch

    size, device = (128, "cpu") if smoke else (8192, "cuda")
    a, b = (torch.randn(size, size, dtype=torch.bfloat16, device=device) for _ in range(2))
    seconds = []
    for _ in range(13):
        if not smoke:
            torch.cuda.synchronize()
        started = time.perf_counter()
        a @ b
        if not smoke:
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return 2 * size**3 / sorted(seconds[3:])[5]


if __name__ == "__main__":
    main()
