"""Other shapes than Mistral's through the whole chain, on the smallest model of each."""

import json
import shutil
from pathlib import Path
from typing import Any

import layer_orders
import pytest
from made import pod_on

from lamina.orders import CheckParity
from lamina.progress import Silent
from lamina.stages import parity
from lamina.stages.pod import Pod
from lamina.training.recipe import train_layer

pytestmark = pytest.mark.usefixtures("here")

SMALL = {
    "hidden_size": 256,
    "intermediate_size": 256,
    "num_hidden_layers": 1,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 3,
}
ARCHITECTURES: dict[str, dict[str, Any]] = {
    "Llama": {},
    "Mistral": {"sliding_window": None, "head_dim": 64},
    "Qwen2": {"tie_word_embeddings": True, "use_sliding_window": False},
    "Qwen3": {"head_dim": 64, "use_sliding_window": False},
}


@pytest.fixture(params=ARCHITECTURES)
def other(request: pytest.FixtureRequest, tmp_path: Path, base: Path) -> Pod:
    """A workspace on a random model of the architecture, with the miniature base's tokenizer."""
    import torch
    import transformers

    name = request.param
    folder = tmp_path / name.lower()
    shutil.copytree(base, folder, ignore=shutil.ignore_patterns("model*", "*config.json"))
    shutil.copy(base / "tokenizer_config.json", folder)
    vocabulary = json.loads((base / "config.json").read_bytes())["vocab_size"]
    config = getattr(transformers, f"{name}Config")(
        **SMALL, **ARCHITECTURES[name], vocab_size=vocabulary, initializer_range=0.1
    )
    torch.manual_seed(5)
    getattr(transformers, f"{name}ForCausalLM")(config).save_pretrained(folder)
    return pod_on(tmp_path / "ws", folder)


def test_a_layer_on_another_architecture_climbs_to_f16(other: Pod) -> None:
    order = layer_orders.order(other.store, other.workspace.base)
    adapter = train_layer(order, store=other.store, progress=Silent(), threads=1)

    ladder = parity.verdict(other, parity.check_parity(other, adapter, CheckParity(merged="yes")))

    assert not [problem for problem in ladder.problems if "F16" in problem or "token" in problem]
    assert ladder.rungs[1].kl < 1e-3
    # Random weights round badly, so the last two rungs are held against each other only.
    assert abs(ladder.rungs[3].loss - ladder.rungs[2].loss) < 0.1 * ladder.rungs[2].loss
