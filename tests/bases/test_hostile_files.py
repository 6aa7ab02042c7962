"""GGUF files that cannot be a base: refused in one sentence, and nothing is left behind."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tiny_models

from lamina.bases import shelf
from lamina.bases.weights import gguf_package
from lamina.errors import LaminaError, ResourceError
from lamina.gguf import read_header
from lamina.stages.bases import add_base
from lamina.stages.pod import Pod

Change = Callable[[dict[str, object], dict[str, np.ndarray]], None]


def rewritten(source: Path, target: Path, change: Change) -> Path:
    """The file with other metadata or tensors; a tensor may also be left out."""
    gguf = gguf_package(tiny_models.LLAMA_CPP_DIR)
    header = read_header(source)
    reader = gguf.GGUFReader(str(source))
    tensors = {one.name: np.array(one.data) for one in reader.tensors}
    metadata: dict[str, object] = dict(header.metadata)
    change(metadata, tensors)
    writer = gguf.GGUFWriter(str(target), str(metadata["general.architecture"]))
    for name, value in metadata.items():
        if name == "general.architecture":
            continue
        kind = gguf.GGUFValueType(header.kinds.get(name, 4))
        sub = gguf.GGUFValueType.get_type(value[0]) if isinstance(value, list) else None
        if isinstance(value, list) and name.endswith("scores"):
            sub = gguf.GGUFValueType.FLOAT32
        writer.add_key_value(name, value, kind, sub_type=sub)
    for name, values in tensors.items():
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target


def without_a_tensor(_: dict[str, object], tensors: dict[str, np.ndarray]) -> None:
    del tensors["blk.1.ffn_up.weight"]


def with_a_strange_tensor(_: dict[str, object], tensors: dict[str, np.ndarray]) -> None:
    tensors["blk.0.attn_sinks.weight"] = np.zeros(4, np.float32)


def with_another_shape(_: dict[str, object], tensors: dict[str, np.ndarray]) -> None:
    tensors["blk.0.attn_k.weight"] = tensors["blk.0.attn_k.weight"][:-8]


def with_no_numbers(_: dict[str, object], tensors: dict[str, np.ndarray]) -> None:
    tensors["blk.0.attn_k.weight"][3, 3] = np.nan


def of_another_family(metadata: dict[str, object], _: dict[str, np.ndarray]) -> None:
    metadata["general.architecture"] = "mamba"


def with_experts(metadata: dict[str, object], _: dict[str, np.ndarray]) -> None:
    metadata["llama.expert_count"] = 8


def with_absurdly_many_blocks(metadata: dict[str, object], _: dict[str, np.ndarray]) -> None:
    metadata["llama.block_count"] = 4_000_000_000


def with_absurdly_many_heads(metadata: dict[str, object], _: dict[str, np.ndarray]) -> None:
    metadata["llama.attention.head_count"] = 1_000_000_000


def without_a_shape(metadata: dict[str, object], _: dict[str, np.ndarray]) -> None:
    del metadata["llama.embedding_length"]


def with_too_few_tokens(metadata: dict[str, object], _: dict[str, np.ndarray]) -> None:
    for name in ("tokens", "scores", "token_type"):
        metadata[f"tokenizer.ggml.{name}"] = metadata[f"tokenizer.ggml.{name}"][:-1]  # type: ignore[index]


def without_an_end(metadata: dict[str, object], _: dict[str, np.ndarray]) -> None:
    del metadata["tokenizer.ggml.eos_token_id"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without_a_tensor, "its tensor blk.1.ffn_up.weight is missing"),
        (with_a_strange_tensor, "has the tensor blk.0.attn_sinks.weight"),
        (with_another_shape, r"attn_k.weight is \(24, 64\) instead of \(32, 64\)"),
        (with_no_numbers, "blk.0.attn_k.weight holds values that are no numbers"),
        (of_another_family, "of the family mamba"),
        (with_experts, "of the family llama with experts"),
        (with_absurdly_many_blocks, "its llama.block_count is 4000000000"),
        (with_absurdly_many_heads, r"attn_q.weight is \(64, 64\) instead of"),
        (without_a_shape, "its llama.embedding_length is missing"),
        (with_too_few_tokens, "tokens and 384 embeddings"),
        (without_an_end, "it names no end-of-text token"),
    ],
)
def test_a_model_that_contradicts_itself_is_refused(
    models: dict[str, tiny_models.Pair], tmp_path: Path, pod: Pod, change: Change, said: str
) -> None:
    file = rewritten(models["Mistral"].gguf, tmp_path / "odd.gguf", change)

    with pytest.raises(LaminaError, match=said) as refused:
        add_base(pod, str(file))

    assert "odd.gguf" in str(refused.value)
    nothing_is_left(pod)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9])
def test_a_file_that_is_cut_short_is_refused(
    models: dict[str, tiny_models.Pair], tmp_path: Path, pod: Pod, share: float
) -> None:
    whole = models["Mistral"].gguf.read_bytes()
    (tmp_path / "cut.gguf").write_bytes(whole[: int(len(whole) * share)])

    with pytest.raises(LaminaError, match=r"cut\.gguf"):
        add_base(pod, str(tmp_path / "cut.gguf"))

    nothing_is_left(pod)


def test_a_full_disk_is_said_with_what_is_needed(
    models: dict[str, tiny_models.Pair], pod: Pod, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    usage = shutil.disk_usage(pod.workspace.root)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))

    with pytest.raises(
        ResourceError, match=r"as a base needs about .* under .*, but 1\.0 kB are free"
    ):
        add_base(pod, str(models["Mistral"].gguf))

    nothing_is_left(pod)


def nothing_is_left(pod: Pod) -> None:
    assert shelf.shelved(pod.workspace) == []
    for kind in ("base", "gguf", "tmp"):
        assert list((pod.store.root / kind).glob("*")) == []
