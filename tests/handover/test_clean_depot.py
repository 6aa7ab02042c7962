"""What `gc --depot` leaves: what a name, a version to go back to, or a push under way needs."""

import os
import time
from pathlib import Path

import pytest
from builders import MakeLayer, MakePod, pull_refs, push_refs

from lamina.artifacts import ArtifactRef
from lamina.errors import NotFoundError
from lamina.handover import cleaning
from lamina.handover.carrier import Carrier
from lamina.handover.link import Link
from lamina.handover.opening import open_link
from lamina.orders import CollectGarbage
from lamina.stages import handover, upkeep
from lamina.stages.pod import Pod

NOW = CollectGarbage(depot=True, grace_days=0)


def there(pod: Pod, *refs: ArtifactRef) -> list[bool]:
    """Whether anything of these lies in the depot."""

    def look(carrier: Carrier) -> list[bool]:
        return [bool(carrier.names(f"{ref.kind}/{ref.digest}")) for ref in refs]

    with open_link(pod.settings) as link:
        return link.run(look)


def clean(pod: Pod, **chosen: object) -> int:
    """Bytes freed."""
    time.sleep(0.02)  # the depot's clock goes by the tick
    return upkeep.gc(pod, NOW.model_copy(update=chosen)).freed_bytes


def test_what_no_name_stands_for_goes_and_the_rest_can_be_fetched(
    make_pod: MakePod, every_depot: dict[str, object], make_layer: MakeLayer
) -> None:
    gpu, cpu = make_pod("gpu", **every_depot), make_pod("cpu", **every_depot)
    named, loose = make_layer(gpu, seed=1), make_layer(gpu, seed=2)
    handover.push(gpu, {"layers/Leases": {"gguf": named}})
    push_refs(gpu, [loose])
    time.sleep(1.1)  # S3 and SFTP tell whole seconds

    would = upkeep.gc(gpu, NOW.model_copy(update={"dry_run": True}))
    assert there(gpu, named, loose) == [True, True]
    done = upkeep.gc(gpu, NOW)

    assert there(gpu, named, loose) == [True, False]
    assert (would.removed, would.kept) == (done.removed, done.kept)
    assert done.removed["lora-gguf"].size_bytes > 50_000
    pull_refs(cpu, [named])


def test_a_name_of_ones_own_keeps_what_it_stands_for(gpu: Pod, make_layer: MakeLayer) -> None:
    ref = make_layer(gpu)
    handover.push(gpu, {"pins/before-upgrade": {"gguf": ref}})

    clean(gpu)

    assert there(gpu, ref) == [True]


def test_versions_to_go_back_to_stay_with_what_belongs_to_them(
    gpu: Pod, make_layer: MakeLayer
) -> None:
    refs = [make_layer(gpu, seed=seed) for seed in range(6)]
    for number, ref in enumerate(refs):
        handover.push(gpu, {"layers/Leases": {"gguf": ref}})
        if number < 3:
            handover.promote(gpu, "Leases", ref, "better")
        else:
            handover.hold(gpu, "Leases", ref, "worse")

    clean(gpu, keep=2)

    # The first two places are those to go back to, the last two what was pushed last.
    assert there(gpu, *refs) == [False, True, True, False, True, True]
    assert handover.rollback(gpu, "Leases") == refs[1]


def test_what_was_pushed_lately_stays_though_no_name_stands_for_it_yet(
    gpu: Pod, make_layer: MakeLayer
) -> None:
    ref = make_layer(gpu)
    push_refs(gpu, [ref])

    clean(gpu, grace_days=1)

    assert there(gpu, ref) == [True]


def test_what_lies_there_since_long_is_young_again_for_whoever_is_about_to_name_it(
    gpu: Pod, make_layer: MakeLayer, tmp_path: Path
) -> None:
    wanted, loose = make_layer(gpu, seed=1), make_layer(gpu, seed=2)
    push_refs(gpu, [wanted, loose])
    for path in (tmp_path / "depot").rglob("*"):
        os.utime(path, (0, 0))

    push_refs(gpu, [wanted])  # a push under way: its name is not written yet
    clean(gpu, grace_days=1)

    assert there(gpu, wanted, loose) == [True, False]


def test_what_is_pushed_while_the_depot_is_cleaned_stays(
    gpu: Pod, make_layer: MakeLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, loose = make_layer(gpu, seed=1), make_layer(gpu, seed=2)
    push_refs(gpu, [wanted, loose])
    real = cleaning.remove
    pushed: list[bool] = []

    def meanwhile(link: Link, one: cleaning.Found) -> bool:
        if not pushed:
            pushed.append(True)
            handover.push(gpu, {"layers/Leases": {"gguf": wanted}})
        return real(link, one)

    monkeypatch.setattr(cleaning, "remove", meanwhile)

    clean(gpu)

    assert there(gpu, wanted, loose) == [True, False]


def test_halves_of_today_stay(gpu: Pod, make_layer: MakeLayer) -> None:
    push_refs(gpu, [make_layer(gpu)])
    with open_link(gpu.settings) as link:
        link.run(lambda carrier: carrier.write("parts/half", b"x"))

    clean(gpu)

    with open_link(gpu.settings) as link:
        assert link.run(lambda carrier: carrier.names("parts")) == ["half"]


def test_an_artifact_that_went_is_sent_anew_and_whole(
    gpu: Pod, cpu: Pod, make_layer: MakeLayer
) -> None:
    ref = make_layer(gpu)
    push_refs(gpu, [ref])
    clean(gpu)
    with pytest.raises(NotFoundError):
        pull_refs(cpu, [ref])

    handover.push(gpu, {"layers/Leases": {"gguf": ref}})

    pull_refs(cpu, [ref])
