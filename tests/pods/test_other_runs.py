"""The deployments that a person starts now and then, each run once on its real worker."""

from pathlib import Path

import pytest
from house import House, drop

pytestmark = [pytest.mark.service, pytest.mark.timeout(900)]
LAYER = "Dunmore_Income_Tax"
SPREAD, ONE = "spread-layers/train-on-all-workers", "train-layer/train-one-layer"
PUBLISH = "publish-layers/publish-what-is-new"
SHORT = {"steps": 4, "sequence_tokens": 512, "batch_tokens": 512}


@pytest.fixture(scope="module")
def trained(house: House, manual: Path) -> dict[str, str]:
    """A layer of a few steps, by way of `spread-layers`; the names and ids of the runs it began."""
    drop(house.gpu / "data" / "raw_pdfs" / LAYER, manual)
    order = {"layers": [LAYER], "overrides": SHORT, "check_parity": False, "archive": False}
    begun = len(house.runs(ONE))
    spread = house.start(SPREAD, order)
    assert house.wait(spread)["state_name"] == "Completed", house.logs()
    runs = house.runs(ONE)[begun:]
    return {run["name"]: house.wait(run["id"])["state_name"] for run in runs}


def test_every_layer_that_is_due_gets_a_run_of_its_own(trained: dict[str, str]) -> None:
    assert trained == {f"train {LAYER}: new layer, 1 new PDF": "Completed"}


@pytest.mark.usefixtures("trained")
def test_a_layer_that_is_up_to_date_gets_none(house: House) -> None:
    begun = len(house.runs(ONE))
    order = {"layers": [LAYER], "overrides": SHORT, "check_parity": False}

    ended = house.wait(house.start(SPREAD, order))

    assert ended["state_name"] == "Completed"
    assert len(house.runs(ONE)) == begun


@pytest.mark.usefixtures("trained")
def test_a_layer_without_its_ladder_is_held_before_anything_is_asked(house: House) -> None:
    def held() -> str:
        runs = [run for run in house.woken(PUBLISH) if LAYER in run["name"]]
        return str(house.wait(runs[0]["id"])["state"]["message"]) if runs else ""

    said = house.until(held, "a verdict on the layer", 60)

    assert "came without its parity ladder" in said
    assert LAYER not in house.layers()


@pytest.mark.usefixtures("trained")
def test_a_layer_is_merged_and_quantized_beside_the_base(house: House) -> None:
    ended = house.wait(house.start("merge-and-convert/merge-into-base", {"merge": [LAYER]}))

    assert ended["state_name"] == "Completed", house.logs()
    names = {path.name for path in (house.gpu / "models").glob("*.gguf")}
    assert {"tiny-base.Q4_K_M.gguf", f"tiny-base+{LAYER}.Q4_K_M.gguf"} <= names


def test_the_doctor_says_of_the_pod_what_it_found_and_garbage_is_collected_on_demand(
    house: House,
) -> None:
    examined, collected = (
        house.start("doctor/examine-pod"),
        house.start("gc/collect-garbage", {"dry_run": True}),
    )
    house.wait(examined)

    found = house.artifacts(examined)["doctor"]["data"]

    assert '"name": "server"' in found
    assert house.wait(collected)["state_name"] == "Completed"
