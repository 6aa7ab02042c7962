"""The base of this process: loaded and quantized once, kept for every layer that follows.

A layer is attached to it, fitted and taken off; the base's own weights are never written to. Heavy
libraries are imported inside the functions, so that importing this module costs nothing.
"""

import gc
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeAlias

from lamina.errors import ResourceError
from lamina.training.attention import LOOP, PLAIN, VARLEN, kernel, register
from lamina.training.order import LayerOrder
from lamina.training.profiles import Dtype, Profile, Quantize
from lamina.training.sizes import memory_bytes

Model: TypeAlias = Any  # transformers and peft ship no types


@dataclass(slots=True)
class _Held:
    key: tuple[str, ...] = ()
    model: Model = None
    kernels: dict[str, str] | None = None


_held = _Held()
MOST_BYTES_ON_A_PROCESSOR = 2_000_000_000
# Hidden width: at 256 a processor with AVX512-BF16 trained as fast in float32, at 576 half as fast.
WIDE = 512
USABLE = 0.92  # of a GPU's memory: the allocator cannot fill every gap


def load(order: LayerOrder) -> Model:
    """The base in evaluation mode, without gradients; the same one while the content is the same.

    Another content, quantization or dtype takes its place.
    """
    quantize, dtype = resolved(order.profile, order.config())
    key = (order.base.digest or "", str(order.base_folder), quantize, dtype)
    if _held.key != key:
        release()
        _held.model, _held.kernels = _read(order, quantize, dtype)
        _held.key = key
    return _held.model


def release() -> None:
    """Give the memory back: the next layer loads its base anew."""
    if _held.model is None:
        return
    import torch

    _held.key, _held.model, _held.kernels = (), None, None
    gc.collect()  # modules refer to each other
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def check_device(base_folder: Path) -> None:
    """Raise ResourceError where training this base on a processor would take days.

    About 2 GB of weights is where a step of 4,096 tokens begins to take minutes on a few cores.
    """
    weights = sum(file.stat().st_size for file in base_folder.glob("*.safetensors"))
    if weights > MOST_BYTES_ON_A_PROCESSOR and device_name() == "cpu":
        msg = (
            f"this pod has no GPU, and training a base of {weights / 1e9:.1f} GB on its processor "
            "would take days; run it on a GPU pod, or set LAMINA_TRAIN_ON_CPU=true"
        )
        raise ResourceError(msg)


def kernels() -> dict[str, str]:
    """What the loaded base computes with.

    `attention`; `blocks`, from the first layer on: `lamina` where ours compute attention, norms and
    feed-forward, else `peft`.
    """
    return dict(_held.kernels or {})


def note_kernel(name: str, value: str) -> None:
    """Remember one more of them."""
    if _held.kernels is not None:
        _held.kernels[name] = value


def device_name() -> str:
    """The GPU that training takes, or `cpu`."""
    import torch

    return str(torch.cuda.get_device_name()) if torch.cuda.is_available() else "cpu"


def resolved(profile: Profile, config: Mapping[str, Any]) -> tuple[Quantize, Dtype]:
    """Quantization and dtype with `auto` decided by the machine.

    On a GPU bfloat16 where base, layer and the activations of the longest document fit, which is
    faster and nearer to what is served; else NF4. On a processor bfloat16 where it multiplies that
    faster than float32, and the base is wide enough to gain by it.
    """
    import torch

    cuda = torch.cuda.is_available()
    quantize: Quantize = profile.quantize
    if quantize == "auto":
        quantize = "nf4" if cuda and not _fits(profile, config) else "none"
    wide = int(config["hidden_size"]) >= WIDE
    low = cuda or quantize == "nf4" or (wide and multiplies_bfloat16())  # NF4 computes in bfloat16
    dtype: Dtype = profile.dtype
    if dtype == "auto":
        dtype = "bfloat16" if low else "float32"
    return quantize, dtype


def multiplies_bfloat16() -> bool:
    """Whether this processor has instructions for products of bfloat16 that torch makes use of.

    By what it can, not by a measurement, which may come out otherwise on an equal machine that is
    busy: equal machines must decide alike. benchmarks/results/training.md has what it gains.
    """
    import torch

    can = torch.cpu.get_capabilities()
    return bool(can.get("avx512_bf16") or can.get("amx_bf16"))


def _fits(profile: Profile, config: Mapping[str, Any]) -> bool:
    """By what the card has, not by what is free: equal orders must be decided alike."""
    import torch

    dtype = "float32" if profile.dtype == "float32" else "bfloat16"
    plain = profile.model_copy(update={"quantize": "none", "dtype": dtype})
    has = torch.cuda.get_device_properties(0).total_memory
    return memory_bytes(plain, config) < USABLE * has


def fastest_attention(architecture: str, *, cuda: bool, dtype: str) -> str:
    """On a GPU a kernel for packs, torch's own or flash-attn's, neither of them for float32.

    Else attention document by document; for an architecture that is not known to be plain,
    transformers' own with a mask.
    """
    packs, plain = cuda and dtype != "float32", architecture in PLAIN
    if packs and plain and kernel():
        return register(VARLEN)
    if packs and _installed("flash_attn"):
        return "flash_attention_2"
    return register(LOOP) if plain else "sdpa"


def _read(order: LayerOrder, quantize: str, dtype: str) -> tuple[Model, dict[str, str]]:
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig
    from transformers.utils import logging

    logging.disable_progress_bar()
    cuda = torch.cuda.is_available()
    attention = fastest_attention(order.base.architecture, cuda=cuda, dtype=dtype)
    chosen: dict[str, Any] = {"dtype": getattr(torch, dtype), "attn_implementation": attention}
    if quantize == "nf4":
        chosen["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
    if cuda:
        chosen["device_map"] = {"": 0}
    model = AutoModelForCausalLM.from_pretrained(order.base_folder, local_files_only=True, **chosen)
    model = model.requires_grad_(False).eval()  # noqa: FBT003 - torch's own signature
    _keep_gradients(model)
    _take_hooks_off(model)
    return model, {"attention": attention}


def _keep_gradients(model: Model) -> None:
    """Stop bitsandbytes from repacking NF4 weights for a CPU with AVX512-BF16.

    It does so at the first step in evaluation mode, and what it computes with them afterwards has
    no backward: gradients would end there, silently.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False


def _take_hooks_off(model: Model) -> None:
    """Accelerate's, around every module of a quantized base: on one device they move nothing."""
    from accelerate.hooks import remove_hook_from_module

    for module in model.modules():
        if hasattr(module, "_hf_hook"):
            remove_hook_from_module(module)
            vars(module).pop("forward", None)  # it leaves the class's own behind


def _installed(package: str) -> str:
    """Version of an optional package; empty where it is not there."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
