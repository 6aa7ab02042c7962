"""Whether a profile suits a base is said in plain words."""

import math

import pytest
from plans import of_text

from lamina.training.packing import rate_share
from lamina.training.plan import plan_run
from lamina.training.profiles import PRESETS, Profile, profile
from lamina.training.suits import peak_rate, reach, unsuited

SMOLLM2 = {
    "hidden_size": 576,
    "intermediate_size": 1536,
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "vocab_size": 49152,
}
MISTRAL_7B = SMOLLM2 | {"hidden_size": 4096, "intermediate_size": 14336, "head_dim": 128}
TOPIC = [512] * 32  # what six notes of annual reports come to


def test_the_old_default_on_a_small_topic_is_said_to_change_next_to_nothing() -> None:
    plan = plan_run(profile("level2"), SMOLLM2, of_text(TOPIC))

    assert plan.unsuited.startswith("12 steps at 0.0001 will hardly change this base; ")
    assert "--profile layer" in plan.unsuited
    assert plan.unsuited in plan.describe()


@pytest.mark.parametrize("config", [SMOLLM2, MISTRAL_7B])
def test_the_default_suits_small_and_large_bases(config: dict[str, int]) -> None:
    assert plan_run(profile("layer"), config, of_text(TOPIC)).unsuited == ""


@pytest.mark.parametrize("name", ["level1", "level2", "level3"])
def test_levels_suit_a_whole_corpus(name: str) -> None:
    assert plan_run(profile(name), MISTRAL_7B, of_text(25 * TOPIC)).unsuited == ""


def test_a_run_that_could_wreck_the_base_is_told() -> None:
    said = unsuited(profile("layer", learning_rate=0.05), SMOLLM2, 200)

    assert (
        said == "200 steps at 0.05 may unlearn what this base knows; lower learning_rate or steps"
    )


def test_the_rate_is_less_on_a_wider_base_and_as_written_where_no_width_is_named() -> None:
    layer = PRESETS["layer"]

    assert peak_rate(layer, SMOLLM2) == layer.learning_rate
    assert peak_rate(layer, MISTRAL_7B) == pytest.approx(0.216 * layer.learning_rate, rel=0.01)
    assert peak_rate(profile("level2"), MISTRAL_7B) == profile("level2").learning_rate


@pytest.mark.parametrize("rank", [4, 16])
def test_no_layer_goes_further_than_its_reach(rank: int) -> None:
    """Adam under gradients that never turn, on one module as PEFT begins it."""
    import torch

    chosen = Profile(
        name="x", rank=rank, alpha=32, targets=("q_proj",), learning_rate=1e-3, warmup_share=0.1
    )
    inputs, outputs, steps = 256, 256, 40
    torch.manual_seed(1)
    a = torch.empty(rank, inputs).uniform_(-1 / math.sqrt(inputs), 1 / math.sqrt(inputs))
    b = torch.zeros(outputs, rank, requires_grad=True)
    signs = torch.randint(0, 2, b.shape) * 2.0 - 1
    optimizer = torch.optim.AdamW([b], weight_decay=0.0)
    for step in range(1, steps + 1):
        optimizer.param_groups[0]["lr"] = 1e-3 * rate_share(step, steps, 0.1)
        (b * signs).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    x = torch.randn(inputs, 512)
    base = torch.randn(outputs, inputs) / math.sqrt(inputs)
    moved = (chosen.alpha / rank * (b.detach() @ a @ x)).norm() / (base @ x).norm()

    assert moved.item() == pytest.approx(reach(chosen, SMOLLM2, steps), rel=0.1)
