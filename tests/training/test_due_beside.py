"""`train_layers --plan` beside levels and folded blends: they are told of, and break nothing."""

from pathlib import Path

import pytest
from plans import CHUNK, SHORT, train, write
from pods import pod_on

from lamina.stages import layers, models
from lamina.stages.due import DueLayer, due_table, plan_layers
from lamina.stages.pod import Pod


def plan(pod: Pod, *wanted: str) -> dict[str, DueLayer]:
    return {each.layer: each for each in plan_layers(pod, wanted, SHORT, CHUNK, "general")}


@pytest.fixture
def pod(tmp_path: Path, base: Path) -> Pod:
    """Two trained layers, a level over both, and a blend of both folded into one."""
    made = pod_on(tmp_path / "workspace", base)
    for layer in ("Leases", "Goodwill"):
        write(made, layer, layer.lower())
    train(made, "Leases", "Goodwill")
    train(made, "Leases", "Goodwill", level="level1")
    folded = models.fold_blend(made, "Both", "Leases:0.6+Goodwill:0.4")
    layers.publish_adapter(made, "Both", folded)
    return made


def test_levels_and_blends_are_told_up_to_date_and_later_behind(pod: Pod) -> None:
    found = plan(pod)

    assert {name: one.why for name, one in found.items()} == {
        "Goodwill": ("up to date",),
        "Leases": ("up to date",),
        "Both": ("folded from Leases:0.6+Goodwill:0.4, up to date",),
        "level1": ("level of the whole corpus, up to date",),
    }
    assert due_table(list(found.values()))[-1]["layer"] == "0 of 2 due"
    assert [*plan(pod, "Leases")] == ["Leases"]

    write(pod, "Leases", "addendum")
    assert plan(pod)["Leases"].pace == "measured on 3 layers of this base"
    train(pod, "Leases")

    later = plan(pod)
    assert later["Both"].why == (
        "folded from Leases:0.6+Goodwill:0.4; Leases changed since: fold it again",
    )
    assert later["level1"].why == (
        "level of the whole corpus; 1 new since: train it again with train_all",
    )


def test_a_folded_blend_gives_way_to_documents_of_its_name(pod: Pod) -> None:
    write(pod, "Both", "both")

    assert plan(pod)["Both"].why == ("what serves under this name was folded from a blend",)
