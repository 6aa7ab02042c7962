"""The deployments that a person starts now and then, each run once on its real worker."""

from pathlib import Path

import pytest
from house import House, drop

pytestmark = [pytest.mark.service, pytest.mark.timeout(900)]
LAYER = "Dunmore_Income_Tax"
SHORT = {"steps": 4, "sequence_tokens": 512, "batch_tokens": 512}


@pytest.fixture(scope="module")
def trained(house: House, manual: Path) -> dict[str, str]:
    """A layer of a few steps, by way of `spread-layers`; the names and ids of the runs it began."""
    drop(house.gpu / "data" / "raw_pdfs" / LAYER, manual)
    order = {"layers": [LAYER], "overrides": SHORT, "check_parity": False, "archive": False}
    begun = len(house.runs("train-layer/gpu"))
    spread = house.start("spread-layers/gpu", order)
    assert house.wait(spread)["state_name"] == "Completed", house.logs()
    runs = house.runs("train-layer/gpu")[begun:]
    return {run["name"]: house.wait(run["id"])["state_name"] for run in runs}


def test_every_layer_that_is_due_gets_a_run_of_its_own(trained: dict[str, str]) -> None:
    assert trained == {LAYER: "Completed"}


def test_a_layer_that_is_up_to_date_gets_none(house: House, trained: dict[str, str]) -> None:
    begun = len(house.runs("train-layer/gpu"))
    order = {"layers": [*trained], "overrides": SHORT}

    ended = house.wait(house.start("spread-layers/gpu", order))

    assert ended["state_name"] == "Completed"
    assert len(house.runs("train-layer/gpu")) == begun


def test_a_layer_without_its_ladder_is_held_before_anything_is_asked(
    house: House, trained: dict[str, str]
) -> None:
    def held() -> str:
        runs = [
            run
            for run in house.runs("publish-layers/cpu")
            if run["parameters"]["order"]["layers"] == [*trained]
        ]
        shown = house.artifacts(runs[0]["id"]) if runs else {}
        return str(shown.get("layers-held", {}).get("data", ""))

    said = house.until(held, "a verdict on the layer", 60)

    assert "came without its parity ladder" in said
    assert LAYER not in house.layers()


def test_a_layer_is_merged_and_quantized_beside_the_base(
    house: House, trained: dict[str, str]
) -> None:
    ended = house.wait(house.start("merge-and-convert/gpu", {"merge": [*trained]}))

    assert ended["state_name"] == "Completed", house.logs()
    names = {path.name for path in (house.gpu / "models").glob("*.gguf")}
    assert {"tiny-base.Q4_K_M.gguf", f"tiny-base+{LAYER}.Q4_K_M.gguf"} <= names


def test_the_doctor_says_of_the_pod_what_it_found_and_garbage_is_collected_on_demand(
    house: House,
) -> None:
    examined, collected = house.start("doctor/cpu"), house.start("gc/cpu", {"dry_run": True})
    house.wait(examined)

    found = house.artifacts(examined)["doctor"]["data"]

    assert '"name": "server"' in found
    assert house.wait(collected)["state_name"] == "Completed"
