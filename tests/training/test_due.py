"""`train_layers --plan`: what is due and why, and nothing is trained for it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import miniature_base
import pytest
from plans import CHUNK, SHORT, train, write
from pods import pod_on

from lamina.errors import NotFoundError
from lamina.stages import layers
from lamina.stages.due import DueLayer, due_table, plan_layers
from lamina.stages.pod import Pod
from lamina.training.pace import assumed_pace
from lamina.training.profiles import PRESETS, Profile
from lamina.training.sweep import COST


@pytest.fixture
def pod(tmp_path: Path, base: Path) -> Pod:
    """A pod with two layers of one text each."""
    made = pod_on(tmp_path / "workspace", base, price_per_hour=2.0)
    for name in ("Leases", "Goodwill"):
        write(made, name, name.lower())
    return made


Plan = Callable[..., dict[str, DueLayer]]


@pytest.fixture
def plan(pod: Pod) -> Plan:
    def make(profile: Profile = SHORT, chunk: int = CHUNK, on: Pod = pod) -> dict[str, DueLayer]:
        return {each.layer: each for each in plan_layers(on, [], profile, chunk, "general")}

    return make


def test_a_layer_never_trained_is_new(plan: Plan) -> None:
    leases = plan()["Leases"]

    assert (leases.due, leases.why) == (True, ("new layer",))
    assert leases.new_documents == ("leases.txt",)
    assert leases.steps == 1
    assert min(leases.tokens, leases.memory_bytes, leases.disk_bytes) > 0


def test_a_trained_layer_is_up_to_date_and_the_other_one_due(pod: Pod, plan: Plan) -> None:
    train(pod, "Leases")

    found = plan()

    assert (found["Leases"].due, found["Leases"].why) == (False, ("up to date",))
    assert found["Goodwill"].due


def test_a_new_document_is_named(pod: Pod, plan: Plan) -> None:
    train(pod, "Leases")
    write(pod, "Leases", "addendum")

    assert plan()["Leases"].why == ("new documents: addendum.txt",)
    assert plan()["Leases"].new_documents == ("addendum.txt",)


def test_changed_values_of_the_profile_are_named(pod: Pod, plan: Plan) -> None:
    train(pod, "Leases")

    wider = SHORT.model_copy(update={"rank": 32})
    assert plan(wider)["Leases"].why == ("rank 16 -> 32",)
    assert plan(PRESETS["level1"])["Leases"].why == ("preset demo -> level1",)


def test_a_profile_that_hardly_changes_the_base_is_said_so(plan: Plan) -> None:
    found = plan(PRESETS["level1"])
    said = found["Leases"].unsuited

    assert said.startswith("1 step at 0.0002 will hardly change this base")
    assert due_table([found["Leases"]])[0]["why"] == f"new layer; {said}"
    assert plan()["Leases"].unsuited == ""


def test_a_sweep_that_is_to_come_is_counted(pod: Pod, plan: Plan) -> None:
    (leases,) = plan_layers(pod, ["Leases"], SHORT, CHUNK, "general", sweep=True)

    assert leases.why == ("new layer", "a sweep first")
    assert leases.minutes == pytest.approx(plan()["Leases"].minutes * (1 + COST), abs=0.02)


def test_a_new_base_is_named(pod: Pod, plan: Plan, tmp_path: Path) -> None:
    train(pod, "Leases")
    moved = pod_on(pod.workspace.root, miniature_base.build(tmp_path / "other", seed=9))

    assert plan(on=moved)["Leases"].why == ("new base: other, before miniature",)


def test_other_chunks_of_the_same_documents_are_said_so(pod: Pod, plan: Plan) -> None:
    train(pod, "Leases")

    assert plan(chunk=64)["Leases"].why == (
        "the same documents give other rows: chunk size or reading changed",
    )


def test_a_processor_is_assumed_to_train_faster_in_bfloat16_where_that_is_taken() -> None:
    low, full = (assumed_pace("cpu", 2, dtype) for dtype in ("bfloat16", "float32"))

    assert low.flops_per_s > 4 * full.flops_per_s
    assert low.source == full.source == "assumed for 2 CPU threads"


def test_the_time_is_estimated_from_earlier_layers_of_the_base(pod: Pod, plan: Plan) -> None:
    assert plan()["Leases"].pace == "assumed for 1 CPU thread"
    train(pod, "Leases")

    goodwill = plan()["Goodwill"]

    assert goodwill.pace == "measured on 1 layer of this base"
    speed = layers.published_manifest(pod, "Leases").run["tokens_per_s"]
    assert goodwill.minutes == pytest.approx(goodwill.tokens / speed / 60, abs=0.01)
    assert goodwill.cost == pytest.approx(2.0 * goodwill.minutes / 60, abs=0.001)


def test_general_rows_that_are_not_there_are_refused(plan: Plan) -> None:
    with pytest.raises(NotFoundError, match="no layer general whose rows could be mixed in"):
        plan(SHORT.model_copy(update={"general_share": 0.2}))


def test_planning_trains_and_publishes_nothing(pod: Pod, plan: Plan) -> None:
    def seen() -> set[str]:
        kept = {"store"}  # what was read and built is kept for the run
        root = pod.workspace.root
        return {
            str(path) for path in root.rglob("*") if path.relative_to(root).parts[0] not in kept
        }

    before = seen()
    plan()

    assert seen() == before
    assert not (pod.store.root / "adapter").exists()


def test_the_table_ends_with_the_sum(plan: Plan) -> None:
    found = list(plan().values())
    rows = due_table(found)

    assert [row["layer"] for row in rows] == ["Goodwill", "Leases", "2 of 2 due"]
    assert rows[-1]["tokens"] == f"{sum(each.tokens for each in found):,}"
    assert "cost" in rows[0]


def test_the_command_line_prints_it_as_json(pod: Pod) -> None:
    command = [
        sys.executable, "-c", "from lamina.cli import main; main()",
        "--workspace", str(pod.workspace.root),
        "train_layers", "Leases", "--plan", "--json", "--profile", "demo", "--set", "steps=1",
    ]  # fmt: skip
    environment = {**os.environ, "LAMINA_BASE_MODEL": str(pod.workspace.base)}

    printed = subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True
    ).stdout

    (leases,) = json.loads(printed)
    assert (leases["layer"], leases["due"], leases["why"]) == ("Leases", True, ["new layer"])
