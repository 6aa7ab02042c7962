"""A PDF lands on one pod; its layer is trained, judged on another, and answers on port 5000.

One PDF is too little evidence for any verdict but that, which is what the run must say; promoting
such a layer is the owner's word, given here with the run's own form.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from house import ROOT, House, drop, write_prompts
from told import Told

from lamina.demo import handbooks

pytestmark = [pytest.mark.service, pytest.mark.timeout(900)]
LAYER = "ASC_Leases"


def automatic(house: House) -> list[dict[str, Any]]:
    """The training runs that nobody started by hand."""
    runs = house.runs("train-layers/gpu")
    return [run for run in runs if (run["created_by"] or {}).get("type") == "AUTOMATION"]


@pytest.fixture(scope="module")
def judged(
    house: House, told: Told, manual: Path, questions: list[dict[str, str]]
) -> dict[str, Any]:
    """The run that judged the layer, after nothing but a file was copied."""
    del told
    write_prompts(house, LAYER, questions)
    drop(house.cpu / "data" / "raw_pdfs" / LAYER, manual)
    (training,) = house.until(lambda: automatic(house), "a training run", 60)
    assert house.wait(training["id"], within_s=240)["state_name"] == "Completed", house.logs()
    run = house.until(
        lambda: [
            one
            for one in house.runs("publish-layers/cpu")
            if one["parameters"]["order"]["layers"] == [LAYER]
        ],
        "a publishing run",
        30,
    )[0]
    return house.wait(run["id"])


def promote(house: House) -> dict[str, Any]:
    """Judge the layer again, and let it serve on what evidence there is."""
    words = ["promoted", "unclear", "too little evidence"]
    order = {"layers": [LAYER], "again": True, "promote": words}
    return house.wait(house.start("publish-layers/cpu", order))


@pytest.fixture(scope="module")
def published(house: House, judged: dict[str, Any]) -> dict[str, Any]:
    assert judged["state_name"] == "Completed", house.logs()
    assert LAYER not in house.layers()
    return promote(house)


def test_a_pdf_that_lands_is_trained_handed_over_judged_and_answers(
    house: House, published: dict[str, Any], questions: list[dict[str, str]]
) -> None:
    assert published["state_name"] == "Completed", house.logs()
    house.until(lambda: LAYER in house.layers(), "the layer on the server", 30)

    told = house.answer(LAYER, questions[0]["question"])

    assert told["lamina"]["layers"][0]["name"] == LAYER


@pytest.mark.usefixtures("published")
def test_one_event_trained_exactly_the_layer_that_it_names(house: House) -> None:
    (run,) = automatic(house)

    assert run["parameters"]["order"]["layers"] == [LAYER]


@pytest.mark.usefixtures("published")
def test_the_run_shows_outcomes_loss_and_parity(house: House) -> None:
    (run,) = automatic(house)

    shown = house.artifacts(run["id"])

    assert {"pdf-verdicts", "loss-asc-leases", "parity-asc-leases", "pdfs-fetched"} <= set(shown)


def test_the_judging_run_says_why_the_layer_is_held(house: House, judged: dict[str, Any]) -> None:
    shown = house.artifacts(judged["id"])["layers-published"]

    assert "held" in shown["data"]
    assert "Too little evidence" in shown["data"]


@pytest.mark.usefixtures("judged")
def test_a_webhook_is_told_of_the_held_layer_and_why(house: House, told: Told) -> None:
    held = house.until(lambda: told.of("what is held", f"{LAYER} is held: "), "a notification", 30)

    assert "Too little evidence" in held[0]


def status(house: House) -> str:
    """The one screen, on the CPU pod."""
    environment = {"LAMINA_WORKSPACE": str(house.cpu), "PREFECT_API_URL": house.api_url}
    command = [sys.executable, "-m", "lamina", "status"]
    return subprocess.check_output(
        command, cwd=ROOT, env=house.environment | environment, text=True, timeout=60
    )


@pytest.mark.usefixtures("published")
def test_the_status_shows_servers_workers_and_what_serves_by_which_verdict(house: House) -> None:
    shown = status(house)

    assert f"layer server  {house.server}: base " in shown
    assert re.search(r"gpu-pool +1 alive: gpu-1", shown)
    assert re.search(rf"serves\n(?:.*\n)*? *{LAYER} +\w+ +\S+ \S+ +too little evidence", shown)


def test_a_layer_promoted_on_the_owners_word_keeps_what_was_said_of_it(
    house: House, published: dict[str, Any]
) -> None:
    shown = house.artifacts(published["id"])["layers-published"]

    assert "promoted as ordered, though it would be held" in shown["data"]


def test_it_was_proved_again_on_the_serving_pods_own_files(
    house: House, published: dict[str, Any]
) -> None:
    assert "as measured" in house.artifacts(published["id"])["layers-checked"]["data"]


@pytest.mark.usefixtures("published")
def test_the_same_content_under_another_name_starts_nothing(house: House, manual: Path) -> None:
    before = len(house.runs("train-layers/gpu"))

    drop(house.cpu / "data" / "raw_pdfs" / LAYER, manual, "the same again.pdf")
    house.wait(house.start("watch-pdfs/cpu", {"settle_s": 0}))

    assert len(house.runs("train-layers/gpu")) == before


@pytest.mark.usefixtures("published")
def test_a_second_version_is_served_and_can_be_taken_back_from_the_ui(house: House) -> None:
    first = house.layers()[LAYER]["digest"]
    handbooks.write_addendum(house.cpu / "data" / "raw_pdfs", "Marlow_Leasing")
    added = house.cpu / "data" / "raw_pdfs" / "Marlow_Leasing" / "marlow_addendum.pdf"
    added = next(added.parent.glob("*addendum.pdf"))
    drop(house.cpu / "data" / "raw_pdfs" / LAYER, added)
    added.unlink()
    before = len(house.runs("publish-layers/cpu"))
    house.until(lambda: len(house.runs("publish-layers/cpu")) > before, "a judging run", 240)
    house.wait(house.runs("publish-layers/cpu")[-1]["id"])
    promote(house)
    second = house.until(
        lambda: (now := house.layers()[LAYER]["digest"]) != first and now, "a second version", 30
    )

    ended = house.wait(house.start("rollback/cpu", {"layer": LAYER}))

    assert ended["state_name"] == "Completed"
    house.until(lambda: house.layers()[LAYER]["digest"] == first, "the first version again", 30)
    assert second != first
