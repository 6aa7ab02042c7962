"""A model that went to GGUF and came back is the same model."""

import json
from pathlib import Path

import numpy as np
import pytest
import tiny_models

from lamina.bases.forward import write_predictions
from lamina.bases.gguf_import import import_gguf
from lamina.errors import MismatchError
from lamina.gguf import read_header
from lamina.passport import identify_gguf, identify_hf
from lamina.progress import Silent
from lamina.safetensors_stream import Entry, read_bytes, read_entries
from lamina.stages.base_proof import prove
from lamina.stages.pod import Pod

FAMILIES = list(tiny_models.FAMILIES)
IDS = [[1, 5, 99, 4, 77, 30, 31, 200, 6], [1, *range(10, 60)]]


def taken(gguf: Path, folder: Path) -> Path:
    folder.mkdir()
    import_gguf(gguf, folder, llama_cpp_dir=tiny_models.LLAMA_CPP_DIR, progress=Silent())
    return folder


def values(entry: Entry) -> np.ndarray:
    raw = read_bytes(entry)
    if entry.dtype == "F32":
        return np.frombuffer(raw, "<f4")
    return (np.frombuffer(raw, "<u2").astype("<u4") << 16).view("<f4")


def tensors(folder: Path) -> dict[str, np.ndarray]:
    return {one.name: values(one) for one in read_entries(folder / "model.safetensors")}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_weight_comes_back_bit_for_bit(
    models: dict[str, tiny_models.Pair], family: str, tmp_path: Path
) -> None:
    pair = models[family]

    back = tensors(taken(pair.gguf, tmp_path / "back"))

    original = tensors(pair.folder)
    assert back.keys() == original.keys()
    for name, weight in original.items():
        assert np.array_equal(weight, back[name]), name


@pytest.mark.parametrize("family", FAMILIES)
def test_the_model_that_came_back_foresees_what_the_original_does(
    models: dict[str, tiny_models.Pair], family: str, tmp_path: Path
) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    pair = models[family]
    original = AutoModelForCausalLM.from_pretrained(pair.folder, dtype=torch.float32).eval()
    with torch.no_grad():
        said = [original(torch.tensor([ids])).logits[0, :-1].log_softmax(-1) for ids in IDS]

    write_predictions(taken(pair.gguf, tmp_path / "back"), IDS, tmp_path / "said.npy", threads=1)

    assert np.abs(np.load(tmp_path / "said.npy") - torch.cat(said).numpy()).max() < 1e-4


@pytest.mark.parametrize("family", FAMILIES)
def test_both_engines_agree_on_what_came_back(
    models: dict[str, tiny_models.Pair], family: str, tmp_path: Path, pod: Pod
) -> None:
    pair = models[family]
    back = taken(pair.gguf, tmp_path / "back")

    proof = prove(pod, read_header(pair.gguf), back)

    assert proof.kl < 1e-4
    assert proof.agreement > 0.98
    assert proof.texts > 150
    header = read_header(pair.gguf)
    assert identify_gguf(header).fingerprint == identify_hf(back).fingerprint


def test_a_quantized_model_is_taken_over_as_it_is_served(
    models: dict[str, tiny_models.Pair], tmp_path: Path, pod: Pod
) -> None:
    rounded = tiny_models.quantized(models["Mistral"], "Q8_0", tmp_path / "rounded.gguf")
    back = taken(rounded, tmp_path / "back")

    assert prove(pod, read_header(rounded), back).kl < 0.02
    assert identify_hf(back).quantized_from == "Q8_0"


def test_weights_of_another_model_are_not_taken_for_this_one(
    models: dict[str, tiny_models.Pair], tmp_path: Path, pod: Pod
) -> None:
    back = taken(models["Llama"].gguf, tmp_path / "back")

    with pytest.raises(MismatchError, match="foresee different tokens"):
        prove(pod, read_header(models["Mistral"].gguf), back)


def test_a_tokenizer_that_cuts_otherwise_is_refused_with_the_text(
    models: dict[str, tiny_models.Pair], tmp_path: Path, pod: Pod
) -> None:
    gguf = models["Mistral"].gguf
    back = taken(gguf, tmp_path / "back")
    file = back / "tokenizer.json"
    told = json.loads(file.read_text())
    told["normalizer"]["normalizers"].pop(0)  # no space before a text
    file.write_text(json.dumps(told))

    with pytest.raises(MismatchError, match=r"cuts .* otherwise than llama.cpp from token 1 on"):
        prove(pod, read_header(gguf), back)
