"""The same layer by PEFT and by llama.cpp's own converter, both with torch: nothing may differ."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from made import Made

from lamina.gguf import Header, read_header
from lamina.peft_folders import FILE, import_folder
from lamina.store import Store


@pytest.fixture(scope="module")
def base(miniature: Made) -> Header:
    return read_header(miniature.store.open(miniature.gguf()) / "model.gguf")


def values(header: Header, name: str) -> np.ndarray:
    tensor = header.tensors[name]
    with header.path.open("rb") as file:
        file.seek(tensor.offset)
        return np.frombuffer(file.read(4 * int(np.prod(tensor.shape))), "<f4").reshape(
            tensor.shape[::-1]
        )


def test_it_is_what_llama_cpps_converter_makes(
    miniature: Made, base: Header, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(miniature.store.open(miniature.adapter()), tmp_path / "plain"))
    (folder / "manifest.json").unlink()
    theirs = read_header(miniature.store.open(miniature.exported()) / FILE)

    store = Store(tmp_path / "store")
    ours = read_header(store.open(import_folder(folder, "L", base, store=store)) / FILE)

    assert ours.tensors.keys() == theirs.tensors.keys()
    for name in theirs.tensors:
        assert np.array_equal(values(ours, name), values(theirs, name)), name
    assert ours.number("adapter.lora.alpha") == theirs.number("adapter.lora.alpha")


@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"use_rslora": True},
        {"alpha_pattern": {"v_proj": 3, "layers.1.mlp.up_proj": 40}},
        {"rank_pattern": {"v_proj": 2}, "alpha_pattern": {"up_proj": 5}, "use_rslora": True},
    ],
    ids=["plain", "rslora", "alphas", "ranks"],
)
def test_every_strength_is_the_one_that_peft_applies(
    miniature: Made, base: Header, tmp_path: Path, choices: dict
) -> None:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    plain = AutoModelForCausalLM.from_pretrained(miniature.base)
    parts = ["v_proj", "up_proj", "down_proj"]
    config = LoraConfig(r=4, lora_alpha=8, target_modules=parts, **choices)
    torch.manual_seed(5)
    model = get_peft_model(plain, config)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight)
    model.save_pretrained(tmp_path / "saved")

    store = Store(tmp_path / "store")
    ref = import_folder(tmp_path / "saved", "L", base, store=store)
    header = read_header(store.open(ref) / FILE)

    names = {"v_proj": "attn_v", "up_proj": "ffn_up", "down_proj": "ffn_down"}
    alpha = header.number("adapter.lora.alpha") or 0
    for name, module in model.named_modules():
        if not hasattr(module, "get_delta_weight"):
            continue
        block, part = name.split(".layers.")[1].split(".")[0], names[name.rpartition(".")[2]]
        a, b = (values(header, f"blk.{block}.{part}.weight.lora_{half}") for half in "ab")
        applied = alpha / a.shape[0] * b @ a  # as llama.cpp does it
        expected = module.get_delta_weight("default").detach().numpy()
        assert np.abs(applied - expected).max() < 1e-5 * np.abs(expected).max(), name
