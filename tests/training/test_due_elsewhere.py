"""`train_layers --plan` with a depot: what is to be handed over, and what another pod has done."""

from pathlib import Path

import pytest
from plans import CHUNK, SHORT, train, write
from pods import pod_on

from lamina.stages import handover
from lamina.stages.due import plan_layers
from lamina.stages.pod import Pod


@pytest.fixture
def pods(tmp_path: Path, base: Path) -> tuple[Pod, Pod]:
    """Two with a depot between them and the same text of one layer."""

    def pod(name: str) -> Pod:
        made = pod_on(tmp_path / name, base, store_url=f"file://{tmp_path}/depot")
        write(made, "Leases", "leases")
        return made

    return pod("first"), pod("second")


def plan(pod: Pod, *, ladder: bool = False) -> tuple[bool, str]:
    (leases,) = plan_layers(pod, [], SHORT, CHUNK, "general", ladder=ladder, costs=False)
    return leases.due, "; ".join(leases.why)


def test_a_layer_that_is_not_in_the_depot_is_due_until_it_is(pods: tuple[Pod, Pod]) -> None:
    here, _ = pods
    made = train(here, "Leases")["Leases"]
    assert plan(here) == (True, "trained already, to be handed over")

    handover.push(here, {"layers/Leases": made})

    assert plan(here) == (False, "up to date")
    assert plan(here, ladder=True) == (True, "trained already, its ladder is to be climbed")


def test_what_another_pod_has_trained_for_the_same_content_is_not_due_here(
    pods: tuple[Pod, Pod],
) -> None:
    there, here = pods
    handover.push(there, {"layers/Leases": train(there, "Leases")["Leases"]})

    due, why = plan(here)
    assert not due
    assert why.endswith("and in the depot")

    write(here, "Leases", "more")
    assert plan(here)[0]
