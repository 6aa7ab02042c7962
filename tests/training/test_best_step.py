"""The layer that is saved is the best one that was measured, and a hopeless run ends."""

import json
from pathlib import Path

import layer_orders
import pytest
import torch
from safetensors.torch import load_file

from lamina.artifacts import ArtifactRef
from lamina.errors import InvalidInputError, ResourceError
from lamina.progress import Silent
from lamina.store import Store
from lamina.training import fit, recipe
from lamina.training.curve import ENOUGH_ANSWERS
from lamina.training.documents import Document
from lamina.training.recipe import train_layer

WILD = layer_orders.OVERSHOOTING


def pack() -> list[Document]:
    """Three documents, one of them with a question that is not learnt."""
    return [
        Document((1, 300, 301, 302, 303, 2), 1),
        Document((1, 310, 320, 330, 340, 350, 360, 2), 4),
        Document((1, 305, 306, 2), 1),
    ]


def trained(store: Store, base: Path, profile: object) -> tuple[Path, dict[str, object]]:
    other = layer_orders.dataset(store, "leases", heldout="goodwill")
    seed = layer_orders.OVERSHOOTING_SEED
    order = layer_orders.order(store, base, profile=profile, dataset=other, seed=seed)
    ref = train_layer(order, store=store, progress=Silent(), threads=1)
    return store.path(ref), store.manifest(ref).facts


def curve_of(folder: Path) -> list[dict[str, float]]:
    return json.loads((folder / "curve.json").read_bytes())["steps"]


@pytest.fixture
def wild(shared: Store, overshot: ArtifactRef) -> tuple[Path, dict[str, object]]:
    """Folder and facts of a layer whose best step comes early."""
    return shared.path(overshot), shared.manifest(overshot).facts


def test_a_run_that_gets_worse_ends_early(wild: tuple[Path, dict[str, object]]) -> None:
    folder, facts = wild

    curve = curve_of(folder)
    held = [entry["heldout_loss"] for entry in curve if entry["heldout_loss"] is not None]
    assert len(curve) == facts["last_step"] < WILD.steps
    assert held.index(min(held)) == len(held) - 1 - WILD.patience


def test_weights_and_passport_are_those_of_the_best_step(
    store: Store, base: Path, wild: tuple[Path, dict[str, object]]
) -> None:
    folder, facts = wild
    best = facts["best_step"]
    assert best < facts["last_step"]

    with pytest.MonkeyPatch.context() as patch:
        steps, rates = recipe.LayerOrder.steps, fit.rate_share
        patch.setattr(recipe.LayerOrder, "steps", lambda order, train: steps(order, train)[:best])
        patch.setattr(fit, "rate_share", lambda step, _, warmup: rates(step, WILD.steps, warmup))
        shorter, _ = trained(store, base, WILD)

    expected = load_file(shorter / "adapter_model.safetensors")
    actual = load_file(folder / "adapter_model.safetensors")
    assert all(torch.equal(actual[name], expected[name]) for name in expected)
    held = {entry["step"]: entry["heldout_loss"] for entry in curve_of(folder)}
    assert facts["passport"]["heldout_loss"] == held[best]


def test_the_last_step_is_kept_where_the_profile_says_so(
    store: Store, base: Path, wild: tuple[Path, dict[str, object]]
) -> None:
    _, best = wild
    last = WILD.model_copy(update={"keep": "last"})
    folder, facts = trained(store, base, last)

    assert facts["kept_step"] == facts["last_step"] > facts["best_step"] == best["kept_step"]
    assert facts["passport"]["heldout_loss"] == curve_of(folder)[-1]["heldout_loss"]
    assert facts["passport"]["heldout_loss"] > best["passport"]["heldout_loss"]


def test_a_layer_with_enough_held_out_answers_is_chosen_by_them(store: Store, base: Path) -> None:
    rows = [
        *layer_orders.rows("leases", "validation")[:2],
        *[layer_orders.rows("goodwill", "validation")[2]] * ENOUGH_ANSWERS,
    ]
    asked = WILD.model_copy(update={"choose_by": "answers"})
    dataset = layer_orders.dataset(store, "leases", heldout=rows)
    order = layer_orders.order(store, base, profile=asked, dataset=dataset)
    ref = train_layer(order, store=store, progress=Silent(), threads=1)

    told = json.loads((store.path(ref) / "curve.json").read_bytes())
    answers = {one["step"]: one["answer_loss"] for one in told["steps"] if one["answer_loss"]}
    text = {one["step"]: one["text_loss"] for one in told["steps"] if one["text_loss"]}
    kept = store.manifest(ref).facts["kept_step"]
    assert told["chosen_by"] == "answer_loss"
    assert kept == min(answers, key=lambda step: answers[step])
    assert kept != min(text, key=lambda step: text[step])


def test_without_patience_every_step_is_done(store: Store, base: Path) -> None:
    _, facts = trained(store, base, WILD.model_copy(update={"patience": 0}))

    assert facts["last_step"] == WILD.steps


def test_a_loss_that_is_no_number_ends_the_run_and_leaves_no_checkpoint(
    store: Store, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = fit._update  # noqa: SLF001 - the fault is planted where a step's loss comes from
    monkeypatch.setattr(
        fit,
        "_update",
        lambda run, *rest: float("nan") if len(run.curve) == 3 else update(run, *rest),
    )
    order = layer_orders.order(store, base)

    with pytest.raises(InvalidInputError, match=r"became nan at step 4; lower the learning rate"):
        train_layer(order, store=store, progress=Silent(), threads=1, checkpoint_s=0)

    assert list((store.root / "checkpoints").iterdir()) == []


def test_too_little_memory_is_one_sentence_and_the_next_layer_trains(
    store: Store, base: Path, leases: ArtifactRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = layer_orders.order(store, base)
    loss = fit.pack_loss

    def hungry(model: torch.nn.Module, documents: list[Document]) -> torch.Tensor:
        if model.training:
            torch.empty(1 << 50)  # more than any machine has
        return loss(model, documents)

    with monkeypatch.context() as patch:
        patch.setattr(fit, "pack_loss", hungry)
        with pytest.raises(ResourceError, match="lower sequence_tokens, now 128") as raised:
            train_layer(order, store=store, progress=Silent(), threads=1)

    assert raised.value.__context__ is None  # it would keep the activations alive
    assert train_layer(order, store=store, progress=Silent(), threads=1) == leases
