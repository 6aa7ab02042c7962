"""The ladder on the embedded base: it holds for a sound layer, and each planted fault is caught."""

import dataclasses
import math
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import layer_orders
import pytest
from both_engines import LLAMA_CPP_DIR

from lamina import settings
from lamina.artifacts import ArtifactRef
from lamina.conversion.convert import convert_to_gguf
from lamina.conversion.ladder import Ladder, Limits, Rung, Tokens, problems
from lamina.conversion.parity import ParityOrder
from lamina.errors import MismatchError, NotFoundError
from lamina.gguf import read_header
from lamina.orders import CheckParity
from lamina.passport import identify_hf
from lamina.progress import Silent
from lamina.stages import layers, models, parity
from lamina.stages.pod import Pod
from lamina.store import Stage
from lamina.training.recipe import train_layer
from lamina.workspace import EMBEDDED_BASE, Workspace

pytestmark = pytest.mark.skipif(
    not (EMBEDDED_BASE / "model.safetensors").is_file(),
    reason="the tiny base is not there: run scripts/make_tiny_base.py",
)
BOOL, FLOAT = "<?", "<f"


@pytest.fixture(scope="module")
def pod(tmp_path_factory: pytest.TempPathFactory) -> Pod:
    chosen = settings.load(
        workspace=tmp_path_factory.mktemp("parity"), base_model="tiny", n_threads=1
    )
    return Pod(chosen, Workspace(chosen).make(), Silent())


@pytest.fixture(scope="module")
def adapter(pod: Pod) -> ArtifactRef:
    order = layer_orders.order(pod.store, EMBEDDED_BASE)
    return train_layer(order, store=pod.store, progress=Silent(), threads=1)


@pytest.fixture(scope="module")
def order(pod: Pod, adapter: ArtifactRef) -> ParityOrder:
    return parity.parity_order(pod, adapter, CheckParity(merged="no"))


@pytest.fixture(scope="module")
def sound(pod: Pod, adapter: ArtifactRef) -> ArtifactRef:
    return parity.check_parity(pod, adapter, CheckParity(merged="yes"))


def planted(pod: Pod, ref: ArtifactRef, file: str, change: Callable[[Path], None]) -> ArtifactRef:
    """The artifact again, with a fault in its file."""

    def make(folder: Path) -> dict[str, object]:
        shutil.copy(pod.store.path(ref) / file, folder / file)
        change(folder / file)
        return dict(pod.store.manifest(ref).facts)

    return pod.store.once(
        ref.kind, Stage("plant", 1), {"ref": ref, "of": change.__qualname__}, make, refresh=True
    )


def write_value(path: Path, key: str, code: str, value: float | bool) -> None:
    """Overwrite a number in a GGUF file's metadata."""
    raw = bytearray(path.read_bytes())
    marked = struct.pack("<Q", len(key)) + key.encode()
    at = raw.index(marked) + len(marked) + 4  # past the type
    raw[at : at + struct.calcsize(code)] = struct.pack(code, value)
    path.write_bytes(raw)


def climbed(pod: Pod, order: ParityOrder) -> Ladder:
    return parity.verdict(pod, parity.climb(pod, order))


def test_a_sound_layer_climbs_every_rung(pod: Pod, sound: ArtifactRef) -> None:
    ladder = parity.verdict(pod, sound)

    assert [one.name for one in ladder.rungs] == ["PyTorch", "F16", "Q4_K_M", "merged Q4_K_M"]
    assert ladder.problems == ()
    assert ladder.tokens.compared == ladder.samples > 0
    parity.require_parity(ladder)


def test_the_first_rung_is_the_loss_that_training_measured(
    pod: Pod, adapter: ArtifactRef, sound: ArtifactRef
) -> None:
    trained = layers.passport(pod, adapter).heldout_loss

    assert parity.verdict(pod, sound).rungs[0].loss == pytest.approx(trained, rel=1e-4)


def test_a_ladder_is_climbed_once(pod: Pod, adapter: ArtifactRef, sound: ArtifactRef) -> None:
    log = pod.store.root / "logs" / "parity.log"
    log.unlink(missing_ok=True)

    assert parity.check_parity(pod, adapter, CheckParity(merged="yes")) == sound
    assert not log.exists()


def test_nothing_of_the_measuring_remains(pod: Pod, sound: ArtifactRef) -> None:
    names = {path.name for path in pod.store.path(sound).iterdir()}

    assert names == {"manifest.json", "parity.json", "parity.md", "samples.jsonl"}
    assert not list((pod.store.root / "tmp").iterdir())


def test_wrong_alpha_is_caught(pod: Pod, order: ParityOrder) -> None:
    def halve(path: Path) -> None:
        write_value(path, "adapter.lora.alpha", FLOAT, layer_orders.QUICK.alpha / 2)

    exported = planted(pod, order.exported, "adapter.gguf", halve)
    ladder = climbed(pod, dataclasses.replace(order, exported=exported))

    with pytest.raises(MismatchError, match=r"at F16 the mean KL is .* \(limit 1e-03\)"):
        parity.require_parity(ladder)


def test_the_strength_of_rslora_is_caught(pod: Pod, order: ParityOrder) -> None:
    profile = layer_orders.QUICK

    def as_rslora(path: Path) -> None:  # alpha / sqrt(rank) instead of alpha / rank
        alpha = profile.alpha * math.sqrt(profile.rank)
        write_value(path, "adapter.lora.alpha", FLOAT, alpha)

    exported = planted(pod, order.exported, "adapter.gguf", as_rslora)
    ladder = climbed(pod, dataclasses.replace(order, exported=exported))

    with pytest.raises(MismatchError, match="at F16 the mean KL"):
        parity.require_parity(ladder)


def test_a_missing_bos_is_caught(pod: Pod, order: ParityOrder) -> None:
    def without_bos(path: Path) -> None:
        write_value(path, "tokenizer.ggml.add_bos_token", BOOL, value=False)

    quantized = planted(pod, order.quantized, "model.gguf", without_bos)
    ladder = climbed(pod, dataclasses.replace(order, quantized=quantized))

    with pytest.raises(MismatchError, match=r"token ids differ .* from token 0 on: training \[1, "):
        parity.require_parity(ladder)


def test_a_swapped_chat_template_is_caught(pod: Pod, order: ParityOrder) -> None:
    def swap(path: Path) -> None:
        raw = path.read_bytes()
        assert b"'[INST] '" in raw
        path.write_bytes(raw.replace(b"'[INST] '", b"'[USER] '"))

    quantized = planted(pod, order.quantized, "model.gguf", swap)
    ladder = climbed(pod, dataclasses.replace(order, quantized=quantized))

    assert ladder.tokens.differing == sum(one.kind != "text" for one in order.samples) > 0
    with pytest.raises(MismatchError, match=r"token ids differ.*another chat template"):
        parity.require_parity(ladder)


def test_a_wrong_base_is_caught(pod: Pod, order: ParityOrder, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    other = tmp_path / "other"
    shutil.copytree(EMBEDDED_BASE, other)
    torch.manual_seed(0)
    weights = load_file(other / "model.safetensors")
    for name, weight in weights.items():
        if weight.dim() == 2:  # a finetune of the same base, say
            weights[name] = weight + 0.05 * weight.std() * torch.randn_like(weight)
    save_file(weights, other / "model.safetensors", {"format": "pt"})
    f16, quantized = (
        convert_to_gguf(
            other, identify_hf(other), store=pod.store, progress=Silent(),
            llama_cpp_dir=LLAMA_CPP_DIR, ftype=ftype,
        )
        for ftype in ("F16", "Q4_K_M")
    )  # fmt: skip

    ladder = climbed(pod, dataclasses.replace(order, f16=f16, quantized=quantized))

    with pytest.raises(MismatchError, match="at F16 the mean KL"):
        parity.require_parity(ladder)


def test_a_failed_ladder_is_kept_with_its_figures(pod: Pod, adapter: ArtifactRef) -> None:
    ref = parity.check_parity(pod, adapter, CheckParity(merged="no", f16_kl=1e-12))

    ladder = parity.verdict(pod, ref)

    assert not pod.store.manifest(ref).facts["passed"]
    assert "at F16 the mean KL" in ladder.markdown()
    assert "| F16 |" in ladder.markdown()


@pytest.mark.parametrize(
    ("loss", "kl", "agreement", "named"),
    [
        (1.0, 2e-3, 1.0, "mean KL"),
        (1.0, math.nan, 1.0, "mean KL"),
        (1.0, 0.0, 0.98, "top-1"),
    ],
)
def test_each_limit_of_f16_fails_by_itself(
    loss: float, kl: float, agreement: float, named: str
) -> None:
    rungs = [
        Rung(name="PyTorch", loss=1.0),
        Rung(name="F16", loss=loss, kl=kl, agreement=agreement),
    ]
    tokens = Tokens(compared=1, differing=0, same_template=True)

    (problem,) = problems(tokens, rungs, Limits())

    assert named in problem


@pytest.mark.parametrize("loss", [1.04, 0.96, math.nan])
def test_a_held_out_loss_beyond_the_limit_fails_in_either_direction(loss: float) -> None:
    rungs = [Rung(name="PyTorch", loss=1.0), Rung(name="Q4_K_M", loss=loss, kl=0.1, agreement=0.9)]
    tokens = Tokens(compared=1, differing=0, same_template=True)

    (problem,) = problems(tokens, rungs, Limits())

    assert "held-out loss" in problem


# -- on the pod that serves -------------------------------------------------------------------


@pytest.fixture(scope="module")
def serving(pod: Pod, adapter: ArtifactRef, order: ParityOrder, sound: ArtifactRef) -> Pod:
    """The pod, with base, layer and ladder under their names."""
    models.publish_base(pod, order.quantized)
    layers.publish_layers(pod, {"leases": adapter}, [order.exported])
    parity.publish_parity(pod, sound)
    return pod


def test_the_files_that_are_served_say_what_was_measured(serving: Pod) -> None:
    served = parity.check_served(serving, "leases")

    assert served.problems == ()
    assert served.rung == "Q4_K_M"


def test_the_ladder_is_climbed_on_the_base_that_is_served(
    serving: Pod, adapter: ArtifactRef, order: ParityOrder
) -> None:
    matrix = models.importance_of(serving, order.base, "leases")
    weighed = models.convert_base(serving, order.base, importance=matrix)
    models.publish_base(serving, weighed)

    again = parity.parity_order(serving, adapter, CheckParity(merged="no"))

    kept = models.publish_base(serving, order.quantized, replace=False).resolve().parent.name
    models.publish_base(serving, order.quantized)
    assert again.quantized == weighed != order.quantized
    assert kept == weighed.digest


def test_another_layers_file_is_noticed_where_it_is_served(
    serving: Pod, order: ParityOrder
) -> None:
    def weaken(path: Path) -> None:
        write_value(path, "adapter.lora.alpha", FLOAT, layer_orders.QUICK.alpha / 4)

    other = planted(serving, order.exported, "adapter.gguf", weaken)
    view = serving.workspace.adapters_gguf / "weaker.gguf"
    view.symlink_to(serving.store.path(other) / "adapter.gguf")
    parity.parity_view(serving, "weaker").symlink_to(parity.parity_view(serving, "leases"))

    served = parity.check_served(serving, "weaker")

    assert "the held-out loss is" in served.sentence


def test_a_layer_without_a_ladder_is_named(serving: Pod) -> None:
    with pytest.raises(NotFoundError, match="the layer of goodwill is not at"):
        parity.check_served(serving, "goodwill")


def test_checking_what_is_served_needs_no_torch(serving: Pod) -> None:
    program = (
        "import sys\n"
        "for name in ('torch', 'transformers', 'peft'):\n"
        "    sys.modules[name] = None\n"
        "from lamina.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "--workspace", str(serving.workspace.root), "--json",
         "parity", "--served", "leases"],
        capture_output=True, text=True, check=False,
        env={"LAMINA_BASE_MODEL": "tiny", "N_THREADS": "1", "PYTHONPATH": "."},
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert '"rung": "Q4_K_M"' in done.stdout


def test_the_base_that_is_served_names_its_type(pod: Pod, order: ParityOrder) -> None:
    """What `check_served` chooses the rung by."""
    file_types = [
        read_header(pod.store.path(ref) / "model.gguf").number("general.file_type")
        for ref in (order.f16, order.quantized)
    ]

    assert file_types == [1, 15]
