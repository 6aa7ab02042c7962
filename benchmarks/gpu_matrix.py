"""Parts of training_gpu.py: gradients against float32, and the product's own loop, timed."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from gpu_shapes import Bench, clock, peak_gib, reset_peak, timed

from lamina.training.attention import LOOP, VARLEN, kernel, register
from lamina.training.base import Model, load, release
from lamina.training.documents import Document
from lamina.training.fused import blocks
from lamina.training.loss import pack_loss
from lamina.training.order import LayerOrder
from lamina.training.pace import PEAKS
from lamina.training.recipe import attach
from lamina.training.room import Room
from lamina.training.sizes import flops_per_token, memory_bytes

WEIGHTS = {"bfloat16": "none", "NF4": "nf4"}
BLOCKS = ("ours", "peft+kernel", "peft+loop")
Gradients = tuple[float, dict[str, Any]]  # and the loss before them


# -- check ----------------------------------------------------------------------------------------


def check(bench: Bench) -> list[dict[str, Any]]:
    """Loss and gradients of two blocks, as relative errors against float32."""
    folder = bench.random_base(blocks=2)
    documents = bench.documents(2 * bench.sequence)
    rows = []
    for weights, quantize in WEIGHTS.items():
        order = bench.order(folder, quantize, dropout=0.0)
        ours = _gradients(load(order), order, documents, own=True)
        theirs = _gradients(load(order), order, documents, own=False)
        exact = _exact(load(order), order, documents)
        release()
        for blocks_of, (loss, grads) in (("lamina", ours), ("peft", theirs)):
            row = {"weights": weights, "blocks": blocks_of, **_errors(loss, grads, *exact)}
            rows.append(row)
            print(row, flush=True)
    reset_peak()
    held = peak_gib()
    print(f"held after the last was let go: {held} GiB", flush=True)
    return [*rows, {"held_gib": held}]


def _gradients(
    model: Model, order: LayerOrder, documents: list[Document], *, own: bool
) -> Gradients:
    """Of one pass, packed; on a GPU by our blocks or PEFT's."""
    import torch

    with nullcontext() if own else _by_peft(), attach(model, order.profile, 1) as layer:
        _fill(layer)
        layer.train()
        loss = pack_loss(layer, documents)
        loss.backward()
        found = {n: w.grad.float() for n, w in layer.named_parameters() if w.grad is not None}
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return loss.item(), found


def _exact(model: Model, order: LayerOrder, documents: list[Document]) -> Gradients:
    """The same weights in float32, with transformers' attention, a document at a time."""
    import torch
    from bitsandbytes.functional import dequantize_4bit
    from peft import LoraConfig, get_peft_model
    from torch.nn.functional import cross_entropy
    from transformers import AutoModelForCausalLM

    whole = AutoModelForCausalLM.from_pretrained(
        order.base_folder, dtype=torch.float32, attn_implementation="sdpa"
    ).to(model.device)
    with torch.no_grad():
        for name, module in whole.named_modules():
            weight = getattr(model.get_submodule(name), "weight", None)
            if weight is not None:
                state = getattr(weight, "quant_state", None)
                module.weight.copy_(dequantize_4bit(weight, state) if state else weight)
    chosen = order.profile
    layer = get_peft_model(
        whole.requires_grad_(False),  # noqa: FBT003 - torch's own signature
        LoraConfig(r=chosen.rank, lora_alpha=chosen.alpha, target_modules=list(chosen.targets)),
    )
    _fill(layer)
    total = 0.0
    for document in documents:
        ids = torch.tensor([document.ids], device=model.device)
        logits = layer(input_ids=ids, use_cache=False).logits[0, :-1]
        loss = cross_entropy(logits, ids[0, 1:], reduction="sum")
        loss.backward()
        total += loss.item()
    return total, {n: w.grad for n, w in layer.named_parameters() if w.grad is not None}


def _fill(layer: Model) -> None:
    """Both factors of every layer, so that every gradient is of some size; equal in all runs."""
    import torch

    with torch.no_grad():
        for number, (_, weight) in enumerate(
            sorted((n, w) for n, w in layer.named_parameters() if "lora_" in n)
        ):
            drawn = torch.Generator().manual_seed(number)
            values = torch.randn(weight.shape, generator=drawn) * 0.02
            weight.copy_(values.to(weight.device))


def _errors(
    loss: float, grads: dict[str, Any], exact_loss: float, exact: dict[str, Any]
) -> dict[str, float]:
    each = {n: ((grads[n] - exact[n]).norm() / exact[n].norm()).item() for n in exact}
    return {
        "loss_error": abs(loss / exact_loss - 1),
        "worst_gradient_error": max(each.values()),
        "mean_gradient_error": sum(each.values()) / len(each),
    }


# -- matrix ---------------------------------------------------------------------------------------


def matrix(bench: Bench) -> list[dict[str, Any]]:
    """Every cell, a row each."""
    folder = bench.random_base()
    train = bench.documents(2 * bench.steps * bench.step_tokens)
    rows = []
    for weights in bench.weights:
        order = bench.order(folder, WEIGHTS[weights])
        release()
        with clock(f"load as {weights}"):
            model = load(order)
        for blocks_of in bench.blocks:
            for tokens in bench.passes:
                row = _cell(bench, model, order, train, blocks_of, tokens)
                rows.append({"weights": weights, "blocks": blocks_of, "pass": tokens} | row)
                print(rows[-1], flush=True)
    release()
    return rows


def _cell(  # noqa: PLR0913, PLR0917 - what a cell is
    bench: Bench,
    model: Model,
    order: LayerOrder,
    train: list[Document],
    blocks_of: str,
    tokens: int,
) -> dict[str, Any]:
    import torch

    loop = blocks_of == "peft+loop" or not kernel()
    model.set_attn_implementation(register(LOOP if loop else VARLEN))
    own = nullcontext() if blocks_of == "ours" else _by_peft()
    with own, attach(model, order.profile, order.seed) as layer:
        found = timed(layer, order, train, Room(tokens), bench.work)
    name = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    peak = next((1e12 * rate for card, rate in PEAKS.items() if card in name), None)
    flops = found["tokens_per_s"] * flops_per_token(order.profile, bench.shape)
    estimate = memory_bytes(order.profile, bench.shape | {"model_type": "mistral"}, tokens)
    return found | {
        "estimate_gib": round(estimate / 2**30, 2) if blocks_of == "ours" else None,
        "tflops": round(flops / 1e12, 1),
        "mfu": round(flops / peak, 3) if peak else None,
    }


@contextmanager
def _by_peft() -> Iterator[None]:
    """Meanwhile no block computes with ours."""
    kept = blocks._applies  # noqa: SLF001 - there is no switch, on purpose
    blocks._applies = lambda *_: False  # noqa: SLF001
    try:
        yield
    finally:
        blocks._applies = kept  # noqa: SLF001


# -- profile --------------------------------------------------------------------------------------


def profile(bench: Bench) -> list[dict[str, Any]]:
    """What the GPU does in a step of ours: its dearest kernels, and how long it is idle."""
    import torch
    from torch.profiler import ProfilerActivity

    release()
    order = bench.order(bench.random_base(), "none")
    train = bench.documents(2 * bench.steps * bench.step_tokens)
    with attach(load(order), order.profile, order.seed) as layer:
        timed(layer, order, train, Room(bench.step_tokens), bench.work)
        packs = Room(bench.step_tokens).passes([[train[i] for i in order.steps(train)[0][0]]])
        activities = [ProfilerActivity.CPU, ProfilerActivity.CUDA]
        with torch.profiler.profile(activities=activities) as found, clock("a pass"):
            layer.train()
            pack_loss(layer, packs[0]).backward()
            reset_peak()
    release()
    print(found.key_averages().table(sort_by="self_cuda_time_total", row_limit=28), flush=True)
    return []
