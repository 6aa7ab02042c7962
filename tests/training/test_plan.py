import json
from pathlib import Path

import layer_orders
import pytest
from plans import of_text

from lamina.errors import InvalidInputError
from lamina.store import Store
from lamina.training.order import plan_layer
from lamina.training.plan import plan_run
from lamina.training.profiles import PRESETS, profile
from lamina.training.sizes import linear_shapes, memory_bytes

MISTRAL_7B = {
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 32000,
}


@pytest.mark.parametrize(
    ("name", "rank", "alpha", "n_targets", "rate"),
    [
        ("level1", 8, 16, 2, 2e-4),
        ("level2", 16, 32, 4, 1e-4),
        ("level3", 16, 32, 4, 5e-5),
    ],
)
def test_the_three_levels_are_as_designed(
    name: str, rank: int, alpha: int, n_targets: int, rate: float
) -> None:
    chosen = profile(name)

    assert (rank, alpha, rate) == (chosen.rank, chosen.alpha, chosen.learning_rate)
    assert (n_targets, 0.05) == (len(chosen.targets), chosen.dropout)


def test_an_unknown_preset_names_the_known_ones() -> None:
    with pytest.raises(InvalidInputError, match=r"'level9' is unknown.*level1, level2, level3"):
        profile("level9")


def test_a_preset_takes_overrides() -> None:
    assert profile("level1", steps=7).steps == 7


@pytest.mark.parametrize("override", [{"rank": 0}, {"learning_rate": 5}, {"colour": "red"}])
def test_an_impossible_value_is_named(override: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError, match=next(iter(override))):
        profile("level1", **override)


def test_trainable_parameters_follow_from_the_shapes() -> None:
    plan = plan_run(profile("level2"), MISTRAL_7B, of_text([100]))

    assert plan.trainable_parameters == 13_631_488  # what peft counts for r=16 on q, k, v, o


def test_a_wanted_module_that_the_base_lacks_is_named() -> None:
    with pytest.raises(InvalidInputError, match="'c_attn'"):
        plan_run(profile("level1", targets=("c_attn",)), MISTRAL_7B, of_text([100]))


def test_epochs_become_steps() -> None:
    plan = plan_run(profile("level1", epochs=2, batch_tokens=100), MISTRAL_7B, of_text([50] * 20))

    assert (plan.epoch_tokens, plan.steps, plan.tokens) == (1000, 20, 2000)


SMALL = {"epochs": 3, "least_steps": 120, "smallest_batch": 512, "batch_tokens": 4096}


@pytest.mark.parametrize(
    ("documents", "batch", "least", "most"),
    [
        (30, 512, 120, 120),  # 15k tokens: smallest steps, and more epochs than three
        (160, 2048, 115, 125),  # 80k tokens: steps that make three epochs 120 steps
        (1000, 4096, 365, 385),  # 500k tokens: as large as steps may be
    ],
)
def test_a_small_layer_takes_smaller_steps_and_more_of_them(
    documents: int, batch: int, least: int, most: int
) -> None:
    plan = plan_run(profile("level2", **SMALL), MISTRAL_7B, of_text([512] * documents))

    assert plan.batch_tokens == pytest.approx(batch, abs=1)
    assert least <= plan.steps <= most
    assert plan.tokens == pytest.approx(max(3 * 512 * documents, 120 * 512), rel=0.01)


def test_steps_that_are_asked_for_win_over_the_least() -> None:
    assert plan_run(profile("layer", steps=7), MISTRAL_7B, of_text([512] * 30)).steps == 7


def test_levels_take_the_steps_that_their_epochs_give() -> None:
    plan = plan_run(profile("level2"), MISTRAL_7B, of_text([512] * 32))

    assert (plan.steps, plan.batch_tokens) == (12, 4096)


def test_a_repeated_row_counts_as_often_as_it_is_seen() -> None:
    plan = plan_run(profile("level1"), MISTRAL_7B, of_text([10, 30], [1, 3]))

    assert plan.epoch_tokens == 100


def test_a_base_in_nf4_takes_less_memory() -> None:
    full = memory_bytes(profile("level1", dtype="bfloat16", quantize="none"), MISTRAL_7B)
    small = memory_bytes(profile("level1", quantize="nf4"), MISTRAL_7B)

    assert small < full - 9e9  # 7 billion weights at 2 bytes against about half a byte


def test_the_plan_of_an_order_says_its_numbers(store: Store, base: Path) -> None:
    text = plan_layer(layer_orders.order(store, base), store).describe()

    assert "8,192 trainable parameters" in text
    assert "12 steps" in text


def test_peft_counts_the_same_parameters(base: Path) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    config = json.loads((base / "config.json").read_bytes())
    chosen = layer_orders.QUICK
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(base),
        LoraConfig(r=chosen.rank, target_modules=list(chosen.targets)),
    )

    assert (
        plan_run(chosen, config, of_text([9])).trainable_parameters
        == model.get_nb_trainable_parameters()[0]
    )


def test_every_preset_targets_modules_that_a_mistral_has() -> None:
    wanted = {target for chosen in PRESETS.values() for target in chosen.targets}

    assert wanted <= linear_shapes(MISTRAL_7B).keys()
