"""`train_layers --plan` with a depot: what is to be handed over, and what another pod has done."""

from pathlib import Path

import pytest
from pods import pod_on

from lamina.artifacts import ArtifactRef
from lamina.stages import corpus, handover, layers
from lamina.stages.due import plan_layers
from lamina.stages.pod import Pod
from lamina.training.profiles import PRESETS

SHORT = PRESETS["demo"].model_copy(update={"steps": 1, "evaluations": 1})
CHUNK = 128
TEXT = "The deposit of lease {} is paid in March, and the ledger shows it until the lease ends.\n\n"


@pytest.fixture
def pods(tmp_path: Path, base: Path) -> tuple[Pod, Pod]:
    """Two with a depot between them and the same text of one layer."""

    def pod(name: str) -> Pod:
        made = pod_on(tmp_path / name, base, store_url=f"file://{tmp_path}/depot")
        folder = made.workspace.raw_pdfs / "Leases"
        folder.mkdir()
        (folder / "leases.txt").write_text("".join(TEXT.format(one) for one in range(12)))
        return made

    return pod("first"), pod("second")


def train(pod: Pod) -> dict[str, ArtifactRef]:
    """The layer of the text, published; what a push hands over."""
    base = corpus.find_base(pod)
    verdicts = corpus.pdf_pretest(pod, corpus.find_documents(pod))
    dataset = corpus.build_dataset(pod, verdicts, "Leases", base, CHUNK)
    adapter = layers.train_layer(pod, "Leases", dataset, base, SHORT)
    layers.publish_adapter(pod, "Leases", adapter)
    return {"adapter": adapter, "dataset": dataset}


def plan(pod: Pod, *, ladder: bool = False) -> tuple[bool, str]:
    (leases,) = plan_layers(pod, [], SHORT, CHUNK, "general", ladder=ladder, costs=False)
    return leases.due, "; ".join(leases.why)


def test_a_layer_that_is_not_in_the_depot_is_due_until_it_is(pods: tuple[Pod, Pod]) -> None:
    here, _ = pods
    made = train(here)
    assert plan(here) == (True, "trained already, to be handed over")

    handover.push(here, {"layers/Leases": made})

    assert plan(here) == (False, "up to date")
    assert plan(here, ladder=True) == (True, "trained already, its ladder is to be climbed")


def test_what_another_pod_has_trained_for_the_same_content_is_not_due_here(
    pods: tuple[Pod, Pod],
) -> None:
    there, here = pods
    handover.push(there, {"layers/Leases": train(there)})

    due, why = plan(here)
    assert not due
    assert why.endswith("and in the depot")

    (here.workspace.raw_pdfs / "Leases" / "more.txt").write_text(TEXT.format("other") * 3)
    assert plan(here)[0]
