"""A layer that may serve waits for a person, who says so in the UI's form."""

from typing import Any

import pytest
from house import House, drop, write_prompts
from told import Told

pytestmark = [pytest.mark.service, pytest.mark.timeout(900)]
LAYER = "Asked_First"
EVERY = ["promoted", "unclear", "too little evidence"]


def edit_workspace(house: House, **values: object) -> None:
    """As a person does it on the page Blocks."""
    found = house.ask("/block_types/slug/lamina-workspace/block_documents/name/default")
    house.ask(f"/block_documents/{found['id']}", {"data": values}, "PATCH")


@pytest.fixture
def asked(house: House, told: Told, manual: Any, questions: list[dict[str, str]]) -> dict[str, Any]:  # noqa: ANN401
    """The run that waits for the form, and whose layer would serve otherwise."""
    del told
    write_prompts(house, LAYER, questions)
    drop(house.gpu / "data" / "raw_pdfs" / LAYER, manual)
    edit_workspace(house, approval_hours=1)
    trained = house.start("train-layers/gpu", {"layers": [LAYER]})
    assert house.wait(trained, within_s=240)["state_name"] == "Completed", house.logs()
    order = {"layers": [LAYER], "again": True, "promote": EVERY}
    assert house.wait(house.start("publish-layers/cpu", order))["state_name"] == "Completed"
    (run,) = house.until(lambda: house.runs("approve-layer/cpu"), "a run that asks", 30)
    waiting = house.wait(run["id"], "PAUSED")
    edit_workspace(house, approval_hours=None)
    return waiting


def test_it_serves_once_a_person_says_so_and_the_webhook_is_told_that_one_must(
    house: House, told: Told, asked: dict[str, Any]
) -> None:
    assert asked["state_name"] == "Suspended"
    assert LAYER not in house.layers()
    house.until(lambda: told.of("what waits for a person", LAYER), "a notification", 30)

    answer = {"run_input": {"decision": "promote", "why": "I read the report"}}
    house.ask(f"/flow_runs/{asked['id']}/resume", answer)
    ended = house.wait(asked["id"])

    assert ended["state"]["message"] == "promoted: approved by a person: I read the report"
    house.until(lambda: LAYER in house.layers(), "the layer on the server", 30)


def test_a_run_that_fails_is_told_with_its_reason(house: House, told: Told) -> None:
    house.wait(house.start("rollback/cpu", {"layer": "Nobody"}))

    said = house.until(lambda: told.of("what failed", "rollback "), "a notification", 30)

    assert "no earlier version of Nobody" in said[0]
