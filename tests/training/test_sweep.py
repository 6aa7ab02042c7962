"""A sweep takes what short runs show to be best, and runs nothing twice."""

from pathlib import Path

import layer_orders
import pytest
from plans import of_text
from pods import pod_on

from lamina.artifacts import ArtifactRef
from lamina.stages import corpus, layers
from lamina.stages.pod import Pod
from lamina.stages.sweep import Swept, known_sweep, sweep_layer
from lamina.training import sweep
from lamina.training.order import LayerOrder
from lamina.training.plan import plan_run
from lamina.training.profiles import Profile, profile
from lamina.training.sweep import Trial

CONFIG = {
    "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
    "num_attention_heads": 4, "vocab_size": 600,
}  # fmt: skip


def trial(rate: float, rank: int, loss: float) -> Trial:
    shortened = profile("layer", learning_rate=rate, rank=rank, steps=30)
    return Trial(profile=shortened, measure="text_loss", loss=loss)


def test_the_lowest_loss_is_taken() -> None:
    tried = [trial(1e-3, 16, 2.3), trial(5e-4, 16, 2.4), trial(1e-3, 32, 2.2)]

    found = sweep.taken(profile("layer"), tried)

    assert (found.learning_rate, found.rank) == (1e-3, 32)
    assert found == profile("layer", learning_rate=1e-3, rank=32)


def test_of_equals_the_gentler_one_is_taken() -> None:
    tried = [trial(2e-3, 16, 2.300), trial(1e-3, 32, 2.303), trial(1e-3, 16, 2.304)]

    assert sweep.best(tried) == tried[2]


def test_it_is_told_what_was_taken_and_why() -> None:
    tried = [trial(1e-3, 16, 2.3), trial(5e-4, 16, 2.4)]

    assert sweep.sentence(tried) == (
        "takes rate 0.001, rank 16: loss on held-out text 2.300 after 30 steps; "
        "next rate 0.0005, rank 16 with 2.400"
    )


def test_a_trial_is_a_share_of_the_run_with_steps_as_large() -> None:
    layer = profile("layer")
    plan = plan_run(layer, CONFIG, of_text([500] * 200))

    shortened = plan_run(sweep.short(layer, plan), CONFIG, of_text([500] * 200))

    assert shortened.steps == round(plan.steps / 4)
    assert shortened.batch_tokens == plan.batch_tokens > layer.smallest_batch


@pytest.fixture(scope="module")
def pod(session_folder: Path, base: Path) -> Pod:
    return pod_on(session_folder / "sweep", base)


SHORT = layer_orders.QUICK


@pytest.fixture(scope="module")
def dataset(pod: Pod) -> ArtifactRef:
    return layer_orders.dataset(pod.store, "leases")


@pytest.fixture(scope="module")
def swept(pod: Pod, dataset: ArtifactRef) -> Swept:
    return sweep_layer(pod, "leases", dataset, corpus.find_base(pod), SHORT)


def test_rates_are_tried_then_ranks_at_the_best_of_them(swept: Swept) -> None:
    rates = [one.profile.learning_rate for one in swept.tried]
    ranks = [one.profile.rank for one in swept.tried]

    assert rates[:3] == [SHORT.learning_rate * factor for factor in sweep.RATES]
    assert len(set(rates[3:])) == 1
    assert ranks == [4, 4, 4, 2, 8]
    assert swept.profile == sweep.taken(SHORT, swept.tried)
    assert [row["taken"] for row in swept.rows()].count("yes") == 1


def test_a_sweep_is_known_from_then_on_and_trains_nothing_again(
    pod: Pod, dataset: ArtifactRef, swept: Swept, monkeypatch: pytest.MonkeyPatch
) -> None:
    def order(values: Profile) -> LayerOrder:
        return layers.order_of(pod, "leases", dataset, corpus.find_base(pod), values)

    monkeypatch.setattr("lamina.training.recipe._train", lambda *_: pytest.fail("trained again"))

    assert known_sweep(pod, order(SHORT)) == swept.profile
    assert known_sweep(pod, order(SHORT.model_copy(update={"alpha": 9.0}))) is None
    assert sweep_layer(pod, "leases", dataset, corpus.find_base(pod), SHORT) == swept
