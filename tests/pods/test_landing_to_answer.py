"""A PDF lands on one pod; its layer is trained, judged on another, and answers on port 5000.

One PDF is too little evidence for any verdict but that, which is what the run must say; promoting
such a layer is the owner's word, given here with the run's own form.
"""

from pathlib import Path
from typing import Any

import pytest
from house import House, drop, write_prompts

from lamina.demo import handbooks

pytestmark = [pytest.mark.service, pytest.mark.timeout(900)]
LAYER = "ASC_Leases"
TRAIN, PUBLISH = "train-layers/train-what-is-due", "publish-layers/publish-what-is-new"


@pytest.fixture(scope="module")
def judged(house: House, manual: Path, questions: list[dict[str, str]]) -> dict[str, Any]:
    """The run that judged the layer, after nothing but a file was copied."""
    write_prompts(house, LAYER, questions)
    drop(house.cpu / "data" / "raw_pdfs" / LAYER, manual)
    (training,) = house.until(lambda: house.woken(TRAIN), "a training run", 60)
    assert house.wait(training["id"], within_s=240)["state_name"] == "Completed", house.logs()
    run = house.until(
        lambda: [one for one in house.woken(PUBLISH) if LAYER in one["name"]],
        "a publishing run",
        60,
    )[-1]
    return house.wait(run["id"])


def promote(house: House) -> dict[str, Any]:
    """Judge the layer again, and let it serve on what evidence there is."""
    words = ["promoted", "unclear", "too little evidence"]
    order = {"layers": [LAYER], "again": True, "promote": words}
    return house.wait(house.start(PUBLISH, order))


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
def test_the_run_that_was_woken_has_found_what_is_due_and_is_named_for_it(house: House) -> None:
    (run,) = house.woken(TRAIN)
    (layer,) = house.inner(run["id"])

    assert run["parameters"] == {}
    assert (run["name"], layer["name"]) == (f"train {LAYER}: new layer, 1 new PDF",) * 2
    assert run["state"]["message"] == f"trained: {LAYER}"
    assert layer["state"]["message"].startswith("published; held-out loss")


@pytest.mark.usefixtures("published")
def test_the_run_shows_outcomes_loss_and_parity(house: House) -> None:
    (run,) = house.woken(TRAIN)

    shown = house.artifacts(run["id"])

    assert {"pdf-verdicts", "loss-asc-leases", "parity-asc-leases", "pdfs-fetched"} <= set(shown)


def test_the_judging_run_says_why_the_layer_is_held(house: House, judged: dict[str, Any]) -> None:
    shown = house.artifacts(judged["id"])["layers-published"]

    assert "held" in shown["data"]
    assert "Too little evidence" in shown["data"]
    assert judged["name"] == f"publish {LAYER}"
    assert judged["state"]["message"].startswith(f"held: {LAYER}: held. Too little evidence")


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
def test_the_net_leaves_the_inbox_to_the_watcher_that_lives_there(house: House) -> None:
    ended = house.wait(house.start("watch-pdfs/look-for-pdfs"))

    assert ended["state"]["message"] == "`lamina watch` looks after this pod's inbox"


@pytest.mark.usefixtures("published")
def test_a_second_version_is_served_and_can_be_taken_back_from_the_ui(house: House) -> None:
    first = house.layers()[LAYER]["digest"]
    handbooks.write_addendum(house.cpu / "data" / "raw_pdfs", "Marlow_Leasing")
    added = house.cpu / "data" / "raw_pdfs" / "Marlow_Leasing" / "marlow_addendum.pdf"
    added = next(added.parent.glob("*addendum.pdf"))
    drop(house.cpu / "data" / "raw_pdfs" / LAYER, added)
    added.unlink()
    before = len(house.runs(PUBLISH))
    house.until(lambda: len(house.runs(PUBLISH)) > before, "a judging run", 240)
    house.wait(house.runs(PUBLISH)[-1]["id"])
    promote(house)
    second = house.until(
        lambda: (now := house.layers()[LAYER]["digest"]) != first and now, "a second version", 30
    )

    ended = house.wait(house.start("rollback/roll-back", {"layer": LAYER}))

    assert ended["state_name"] == "Completed"
    house.until(lambda: house.layers()[LAYER]["digest"] == first, "the first version again", 30)
    assert second != first
