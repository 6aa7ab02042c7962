"""Of a layer's versions those stay that a person may want to go back to."""

from gc_store import NOW, age, left, make, version

from lamina.orders import CollectGarbage
from lamina.stages import handover, upkeep
from lamina.stages.pod import Pod


def test_the_last_versions_of_a_layer_stay_for_going_back(pod: Pod) -> None:
    refs = [version(pod, number) for number in range(5)]
    for ref in refs:
        handover.promote(pod, "Leases", ref, "better")

    upkeep.gc(pod, CollectGarbage(grace_days=0, keep=3))

    assert left(pod, *refs) == [False, False, True, True, True]
    assert handover.rollback(pod, "Leases") == refs[3]


def test_a_version_to_go_back_to_outlives_those_that_were_only_held(pod: Pod) -> None:
    refs = [version(pod, number) for number in range(5)]
    for ref in refs[:2]:
        handover.promote(pod, "Leases", ref, "better")
    for ref in refs[2:]:
        handover.hold(pod, "Leases", ref, "worse")

    upkeep.gc(pod, CollectGarbage(grace_days=0, keep=3))

    assert left(pod, *refs) == [True, True, False, False, True]


def test_an_earlier_version_keeps_its_file_but_not_its_training(pod: Pod) -> None:
    datasets = [make(pod, "dataset", number) for number in range(2)]
    refs = [version(pod, number, dataset=dataset) for number, dataset in enumerate(datasets)]
    for ref in refs:
        handover.promote(pod, "Leases", ref, "better")

    upkeep.gc(pod, NOW)

    assert left(pod, *refs) == [True, True]
    assert left(pod, *datasets) == [False, True]


def test_a_look_at_the_versions_is_no_use_of_them(pod: Pod) -> None:
    refs = [version(pod, number) for number in range(3)]
    for ref in refs:
        handover.hold(pod, "Leases", ref, "worse")
    age(pod, days=8)
    handover.versions(pod)

    upkeep.gc(pod, CollectGarbage(keep=1))

    assert left(pod, *refs) == [False, False, True]
