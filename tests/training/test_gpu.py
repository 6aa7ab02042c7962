"""What only a CUDA GPU can show: its kernels, its memory, its gradients."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import layer_orders
import miniature_base
import pytest
from pods import Told

from lamina.progress import Silent
from lamina.store import Store
from lamina.training.attention import LOOP, VARLEN
from lamina.training.base import kernels, load, release
from lamina.training.documents import Document
from lamina.training.loss import pack_loss
from lamina.training.recipe import attach, train_layer

torch = pytest.importorskip("torch")
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU"),
]
QUANTIZED = ("none", "nf4")


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base whose heads are wide enough for flash attention."""
    folder = tmp_path_factory.mktemp("models") / "wide"
    return miniature_base.build(folder, hidden=256, layers=3)


@pytest.fixture(autouse=True)
def _let_go() -> Iterator[None]:
    yield
    release()


def order(store: Store, base: Path, **changed: object) -> layer_orders.LayerOrder:
    profile = layer_orders.QUICK.model_copy(update={"dtype": "auto", **changed})
    return layer_orders.order(store, base, profile=profile)


def documents() -> list[Document]:
    drawn = torch.Generator().manual_seed(1)
    lengths = (120, 33, 1 + 64, 7)
    return [
        Document(tuple(torch.randint(4, 380, (n,), generator=drawn).tolist()), 1) for n in lengths
    ]


@pytest.mark.parametrize("quantize", QUANTIZED)
def test_the_kernel_for_packs_gives_what_documents_give_one_by_one(
    store: Store, wide: Path, quantize: str
) -> None:
    model = load(order(store, wide, quantize=quantize))
    assert kernels()["attention"] == VARLEN

    at_once = pack_loss(model, documents()).item()
    model.set_attn_implementation(LOOP)
    one_by_one = pack_loss(model, documents()).item()
    apart = sum(pack_loss(model, [each]).item() for each in documents())

    assert at_once == pytest.approx(one_by_one, rel=3e-3)
    assert at_once == pytest.approx(apart, rel=3e-3)


def gradients(wanted: layer_orders.LayerOrder) -> tuple[str, dict[str, torch.Tensor]]:
    """What the blocks compute with, and the gradients of a layer that is no longer nothing."""
    with attach(load(wanted), wanted.profile, 1) as layer:
        with torch.no_grad():
            for number, (name, weight) in enumerate(layer.named_parameters()):
                if "lora_B" in name:
                    torch.manual_seed(number)
                    weight.normal_(std=0.1)
        layer.train()
        pack_loss(layer, documents()).backward()
        found = {n: w.grad for n, w in layer.named_parameters() if w.grad is not None}
        assert {grad.dtype for grad in found.values()} == {torch.float32}
        return kernels()["blocks"], found


def test_our_blocks_are_as_near_to_float32_as_those_of_peft(
    store: Store, wide: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which of this base, with weights of random size, is not very near."""
    wanted = order(store, wide, quantize="none", dropout=0.0)
    by, ours = gradients(wanted)
    _, exact = gradients(order(store, wide, quantize="none", dtype="float32", dropout=0.0))
    monkeypatch.setattr("lamina.training.fused.blocks._applies", lambda *_: False)
    by_peft, theirs = gradients(wanted)

    def distance(found: dict[str, torch.Tensor]) -> float:
        return sum(
            ((found[name] - value).norm() / value.norm()).item() for name, value in exact.items()
        ) / len(exact)

    assert (by, by_peft) == ("lamina", "peft")
    assert ours.keys() == theirs.keys() == exact.keys()
    assert distance(ours) < 1.2 * distance(theirs)


@pytest.mark.parametrize("quantize", QUANTIZED)
def test_a_layer_lowers_its_heldout_loss(store: Store, wide: Path, quantize: str) -> None:
    wanted = order(store, wide, quantize=quantize)

    facts = store.manifest(train_layer(wanted, store=store, progress=Silent())).facts

    assert facts["trained_as"]["quantize"] == quantize
    assert facts["passport"]["heldout_loss"] < facts["passport"]["heldout_loss_base"]


def test_a_base_that_fits_is_not_quantized(store: Store, wide: Path) -> None:
    ref = train_layer(order(store, wide), store=store, progress=Silent())

    assert store.manifest(ref).facts["trained_as"] == {
        "quantize": "none", "dtype": "bfloat16", "seed": 1,
    }  # fmt: skip


def test_a_run_that_stopped_goes_on_to_the_same_layer(tmp_path: Path, wide: Path) -> None:
    whole, broken = Store(tmp_path / "whole"), Store(tmp_path / "broken")

    class Stops(Silent):
        def advance(self, done: int, note: str = "") -> None:
            del note
            if done == 5:
                raise KeyboardInterrupt

    expected = train_layer(order(whole, wide), store=whole, progress=Silent())
    with pytest.raises(KeyboardInterrupt):
        train_layer(order(broken, wide), store=broken, progress=Stops(), checkpoint_s=0)
    heard = Told()
    actual = train_layer(order(broken, wide), store=broken, progress=heard)

    assert any("goes on after step" in line for line in heard.lines)
    losses = [
        store.manifest(ref).facts["passport"]["heldout_loss"]
        for store, ref in ((whole, expected), (broken, actual))
    ]
    assert losses[1] == pytest.approx(losses[0], rel=5e-3)


def test_too_long_a_pass_is_made_shorter_until_the_memory_holds_it(
    store: Store, wide: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A GPU whose memory is limited for real, and an estimate that is far too high."""
    from lamina.training import memory

    wanted = order(store, wide, batch_tokens=60_000, steps=2, evaluations=1, epochs=1)
    monkeypatch.setattr(memory, "free_bytes", lambda: 70 << 30)
    total = torch.cuda.get_device_properties(0).total_memory
    release()
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction((400 << 20) / total)
    heard = Told()
    try:
        ref = train_layer(wanted, store=store, progress=heard)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)

    assert any("memory is full; goes on with passes of up to" in line for line in heard.lines)
    assert store.manifest(ref).facts["last_step"] == 2


def test_what_a_base_held_is_free_once_it_is_let_go(store: Store, wide: Path) -> None:
    release()
    torch.cuda.empty_cache()
    before = torch.cuda.memory_allocated()
    train_layer(order(store, wide), store=store, progress=Silent())

    release()

    assert torch.cuda.memory_allocated() <= before + (32 << 20)  # what cuBLAS keeps for itself


def test_the_parity_reference_says_on_a_gpu_what_it_says_on_a_processor(
    store: Store, wide: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lamina.conversion import reference
    from lamina.conversion.ladder import Sample

    layer = store.path(train_layer(order(store, wide), store=store, progress=Silent()))
    samples = [
        Sample(kind="text", text="", whole=each.ids, ids=each.ids, first=1) for each in documents()
    ]

    def losses(target: str) -> list[float]:
        return reference.write_reference(
            wide, layer, samples, tmp_path / target,
            progress=Silent(), threads=2, alone=nullcontext(),
        )  # fmt: skip

    on_gpu = losses("gpu.npy")
    monkeypatch.setattr(reference, "_fits_gpu", lambda _: False)

    assert on_gpu == pytest.approx(losses("cpu.npy"), rel=1e-4)
