"""On the pod that serves: its files say what was measured where the layer was trained."""

import subprocess
import sys
from pathlib import Path

import layer_orders
import pytest
from planted import FLOAT, planted, write_value

from lamina.artifacts import ArtifactRef
from lamina.conversion.ladder import served_rung
from lamina.conversion.parity import ParityOrder
from lamina.errors import NotFoundError
from lamina.orders import CheckParity
from lamina.stages import models, parity
from lamina.stages.pod import Pod

pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture(scope="module")
def serving(tiny: Pod, sound: ArtifactRef) -> Pod:
    """With the ladder, too, under its name."""
    parity.publish_parity(tiny, sound)
    return tiny


def test_the_files_that_are_served_say_what_was_measured(serving: Pod) -> None:
    served = parity.check_served(serving, "leases")

    assert served.problems == ()
    assert served.rung == "Q4_K_M"


def test_the_ladder_is_climbed_on_the_base_that_is_served(
    serving: Pod, leases: ArtifactRef, order: ParityOrder
) -> None:
    matrix = models.importance_of(serving, order.base, "leases")
    weighed = models.convert_base(serving, order.base, importance=matrix)
    models.publish_base(serving, weighed)

    again = parity.parity_order(serving, leases, CheckParity(merged="no"))

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
    with pytest.raises(NotFoundError, match="the parity ladder of goodwill is not at"):
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


def test_a_rung_is_called_by_the_type_of_the_file_that_is_served(
    tiny: Pod, order: ParityOrder
) -> None:
    def other(path: Path) -> None:
        write_value(path, "general.file_type", "<I", 3)  # llama.h: LLAMA_FTYPE_MOSTLY_Q4_1

    refs = (order.quantized, order.f16, planted(tiny, order.quantized, "model.gguf", other))

    names = [served_rung(tiny.store.path(ref) / "model.gguf") for ref in refs]

    assert names == ["Q4_K_M", "F16 as served", "Q4_1"]
