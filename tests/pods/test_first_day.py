"""`make up`, a PDF in the landing folder, and nothing else done: who tells what became of it.

The screen of `lamina status`, the runs' names and last messages, and a webhook all say the same.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from house import ROOT, House, drop, write_prompts
from webhook import webhook

pytestmark = [pytest.mark.service, pytest.mark.slow, pytest.mark.timeout(900)]
LAYER = "First_Day"
TRAIN, PUBLISH = "train-layers/train-what-is-due", "publish-layers/publish-what-is-new"


@pytest.fixture(scope="module")
def told(house: House) -> Iterator[list[dict[str, Any]]]:
    """What the owner's webhook is told: named as a block, then `setup` as the page has it."""
    with webhook() as (url, bodies):
        kind = house.ask("/block_types/slug/webhook")
        wanted = {"block_schemas": {"block_type_id": {"any_": [kind["id"]]}}}
        (schema, *_) = house.ask("/block_schemas/filter", wanted)
        block = {"block_type_id": kind["id"], "block_schema_id": schema["id"]}
        made = house.ask("/block_documents/", {"name": "alerts", "data": {"url": url}, **block})
        setup(house)
        yield bodies
        for one in house.ask("/automations/filter", {}):
            if one["name"].endswith("is told"):
                house.ask(f"/automations/{one['id']}", verb="DELETE")
        house.ask(f"/block_documents/{made['id']}", verb="DELETE")


def setup(house: House) -> None:
    command = [sys.executable, "deployments/bootstrap.py"]
    named = {"PREFECT_API_URL": house.api_url, "LAMINA_NOTIFY": "webhook/alerts"}
    named["PREFECT_HOME"] = str(house.root / "prefect")
    subprocess.run(command, cwd=ROOT, env=house.environment | named, check=True, timeout=300)


@pytest.fixture(scope="module")
def run(
    house: House,
    told: Sequence[dict[str, Any]],
    manual: Path,
    questions: list[dict[str, str]],
) -> dict[str, Any]:
    """The run that judged the layer of the PDF, after nothing but a file was copied."""
    del told
    write_prompts(house, LAYER, questions)
    drop(house.cpu / "data" / "raw_pdfs" / LAYER, manual)
    (found,) = house.until(
        lambda: [one for one in house.woken(PUBLISH) if LAYER in one["name"]],
        "a run that judges the layer",
        300,
    )
    return house.wait(found["id"])


def status(house: House, *words: str) -> str:
    """The screen on the CPU pod."""
    command = [sys.executable, "-c", "from lamina.cli import main; main()", "status", *words]
    pod = {"LAMINA_WORKSPACE": str(house.cpu), "PREFECT_API_URL": house.api_url}
    return subprocess.check_output(command, env=house.environment | pod, text=True, timeout=120)


def test_the_runs_are_named_for_the_pdf_and_end_with_what_became_of_it(
    house: House, run: dict[str, Any]
) -> None:
    trained = [one for one in house.woken(TRAIN) if LAYER in one["name"]]

    assert [one["name"] for one in trained] == [f"train {LAYER}: new layer, 1 new PDF"]
    assert trained[0]["state"]["message"] == f"trained: {LAYER}"
    assert (run["name"], run["state_name"]) == (f"publish {LAYER}", "Completed")
    assert run["state"]["message"].startswith(f"held: {LAYER}: held. Too little evidence")


def test_the_status_screen_tells_the_layer_and_why_it_is_held(
    house: House, run: dict[str, Any]
) -> None:
    (held,) = [one for one in json.loads(status(house, "--json"))["layers"]["held"]
               if one["layer"] == LAYER]  # fmt: skip
    (line,) = [line for line in status(house).splitlines() if line.strip().startswith(LAYER)]

    assert f"held: {held['decision']['why']}".startswith(run["state"]["message"][:200])
    assert "too little evidence" in line
    assert "Too little evidence" in line


def test_a_webhook_is_told_the_same_sentence(
    house: House, told: list[dict[str, Any]], run: dict[str, Any]
) -> None:
    (said,) = house.until(
        lambda: [one for one in told if LAYER in one["text"]], "a notification", 60
    )

    assert said["about"] == "what is held"
    assert said["text"].startswith(f"{LAYER} is held: {LAYER}: held. Too little evidence")
    assert run["state"]["message"].removeprefix("held: ")[:200] in said["text"]
