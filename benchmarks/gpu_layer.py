"""Part of training_gpu.py: one layer end to end, through the product's own worker process."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gpu_shapes import Bench, Clock

from lamina.artifacts import ArtifactRef
from lamina.passport import identify_hf
from lamina.store import Stage, Store
from lamina.text.rows import Row, write_rows
from lamina.training.order import LayerOrder
from lamina.training.profiles import ALL_LINEAR, Profile
from lamina.training.worker import Job
from lamina.training.workers import Worker
from lamina.workspace import EMBEDDED_BASE

SENTENCES = ("The deposit of lease {} is paid in March.", "Note {}: goodwill is tested yearly.")


def layer(bench: Bench) -> list[dict[str, Any]]:
    """Held-out loss before and after, and how the run went, for NF4 and for bfloat16."""
    store, base = Store(bench.work / "store"), bench.base or EMBEDDED_BASE
    dataset = store.once(
        "dataset", Stage("bench-dataset", 1), {"rows": str(bench.rows)}, _rows(bench)
    )
    worker = Worker("0" if not bench.smoke else None)
    rows = []
    try:
        for quantize in ("nf4", "none"):
            job = Job(order=_order(bench, dataset, base, quantize), store=store.root, threads=1)
            clock = Clock()
            manifest = store.manifest(worker.train(job, clock))
            passport, run = manifest.facts["passport"], manifest.run
            rows.append({
                "base": base.name,
                **manifest.facts["trained_as"],
                "heldout_before": passport["heldout_loss_base"],
                "heldout_after": passport["heldout_loss"],
                "kept_step": manifest.facts["kept_step"],
                **{name: run[name] for name in ("fit_seconds", "fit_tokens", "tokens_per_s")},
                "peak_gpu_gib": round(run["peak_gpu_bytes"] / 2**30, 2),
                "kernels": run["kernels"],
                "said": clock.lines,
            })  # fmt: skip
            print(json.dumps(rows[-1]), flush=True)
    finally:
        worker.stop()
    return rows


def _order(bench: Bench, dataset: ArtifactRef, base: Path, quantize: str) -> LayerOrder:
    profile = Profile(
        name="layer", rank=16, alpha=32, targets=ALL_LINEAR, learning_rate=5e-4,
        steps=4 if bench.smoke else 120, batch_tokens=512 if bench.smoke else 2048,
        sequence_tokens=256 if bench.smoke else 1024, evaluations=2 if bench.smoke else 12,
        patience=0, quantize=quantize,
    )  # fmt: skip
    return LayerOrder(
        layer="benchmark",
        dataset=dataset,
        base_folder=base,
        base=identify_hf(base),
        profile=profile,
        seed=1,
    )


def _rows(bench: Bench) -> Callable[[Path], dict[str, object]]:
    """Makes the dataset: given rows, else sentences."""

    def make(folder: Path) -> dict[str, object]:
        for split in ("train", "validation"):
            if bench.rows:
                shutil.copy(bench.rows / f"{split}.jsonl", folder)
            else:
                write_rows(folder / f"{split}.jsonl", _sentences(split))
        return {"layer": "benchmark", "documents": []}

    return make


def _sentences(split: str) -> list[Row]:
    return [
        Row(
            layer="benchmark",
            split=split,
            kind="text",
            document="0" * 64,
            pages=(1, 1),
            text=SENTENCES[number % 2].format(number),
        )
        for number in range(8)
    ]
