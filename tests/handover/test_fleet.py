"""What is decided on one pod is true on all that know the same depot."""

from pathlib import Path

import pytest
from builders import MakeLayer, MakePod, follow, impatient, serving
from pods import Told

from lamina.handover import decided, heads
from lamina.handover.opening import open_link
from lamina.stages import handover, views
from lamina.stages.pod import Pod
from lamina.store import point


def test_five_pods_agree_on_a_promotion_a_rollback_and_a_hold(
    pods: list[Pod], make_layer: MakeLayer
) -> None:
    one, two, three = (make_layer(pods[0], seed=seed) for seed in range(3))
    handover.promote(pods[0], "Leases", one, "better")
    follow(*pods)
    assert serving(pods) == [one.digest] * 5

    handover.promote(pods[0], "Leases", two, "better still")
    follow(*pods)
    assert serving(pods) == [two.digest] * 5

    handover.rollback(pods[3], "Leases", "it invents figures")
    said = follow(*pods)
    assert serving(pods) == [one.digest] * 5
    assert "rollback by" in said[0]
    assert "it invents figures" in said[0]

    handover.hold(pods[0], "Leases", three, "unclear")
    assert follow(*pods) == []
    states = [{one.digest: one.state for one in handover.versions(pod)} for pod in pods]
    assert states == [{one.digest: "served", two.digest: "rolled back", three.digest: "held"}] * 5


def test_decisions_travel_over_every_kind_of_depot(
    make_pod: MakePod, every_depot: dict[str, object], make_layer: MakeLayer
) -> None:
    first, second = make_pod("cpu-1", **every_depot), make_pod("cpu-2", **every_depot)
    old, new = (make_layer(first, seed=seed) for seed in range(2))
    for ref in (old, new):
        handover.promote(first, "Leases", ref, "better")
    follow(second)

    handover.rollback(second, "Leases")
    follow(first)

    assert serving([first, second]) == [old.digest] * 2


def test_while_the_depot_is_away_a_decision_holds_here_and_is_told_later(
    make_pod: MakePod, tmp_path: Path, make_layer: MakeLayer
) -> None:
    mount = tmp_path / "volume"
    mount.mkdir()
    pods = [make_pod(name, store_url=str(mount / "depot")) for name in ("here", "there")]
    one, two = (make_layer(pods[0], seed=seed) for seed in range(2))
    for ref in (one, two):
        handover.promote(pods[0], "Leases", ref, "better")
    follow(pods[1])
    told = Told()
    mount.rename(tmp_path / "away")

    handover.rollback(Pod(impatient(pods[0]).settings, pods[0].workspace, told), "Leases")

    assert serving(pods) == [one.digest, two.digest]
    assert "decided on this pod alone so far" in told.lines[0]
    (tmp_path / "away").rename(mount)
    follow(*pods)
    assert serving(pods) == [one.digest] * 2


def test_a_candidate_that_was_decided_upon_elsewhere_waits_no_more(
    pods: list[Pod], make_layer: MakeLayer
) -> None:
    ref = make_layer(pods[0])
    handover.push(pods[0], {"layers/Leases": {"gguf": ref}})
    handover.pull(pods[1])
    handover.place_candidate(pods[1], "Leases", ref)

    handover.hold(pods[0], "Leases", ref, "worse")
    follow(pods[1])

    assert not (pods[1].workspace.candidates / "Leases.gguf").is_symlink()


def test_what_a_pod_made_itself_serves_there_until_the_others_hold_it(
    pods: list[Pod], make_layer: MakeLayer
) -> None:
    old, made = (make_layer(pods[0], seed=seed) for seed in range(2))
    handover.promote(pods[0], "Leases", old, "better")
    follow(pods[1])
    views.serve_made(pods[0], "Leases", made)
    handover.push(pods[0], {"layers/Leases": {"gguf": made}})
    follow(*pods[:2])
    assert serving(pods[:2]) == [made.digest, old.digest]

    handover.hold(pods[1], "Leases", made, "worse")
    follow(*pods[:2])

    assert serving(pods[:2]) == [old.digest] * 2
    assert handover.published_heads(pods[0]) == {"layers/Leases": {"gguf": made}}


def test_what_served_on_a_pod_before_it_knew_the_depot_gives_way_to_what_was_decided(
    pods: list[Pod], make_layer: MakeLayer
) -> None:
    decided_on, other = make_layer(pods[0], seed=1), make_layer(pods[1], seed=2)
    handover.promote(pods[0], "Leases", decided_on, "better")
    point(views.view_of(pods[1], "Leases"), pods[1].store.path(other) / "adapter.gguf")

    follow(pods[1])

    assert serving(pods[:2]) == [decided_on.digest] * 2
    assert handover.rollback(pods[1], "Leases") == other
    follow(pods[0])
    assert serving(pods[:2]) == [other.digest] * 2


def test_a_file_of_the_owners_is_not_taken_away_by_what_others_decide(
    pods: list[Pod], make_layer: MakeLayer
) -> None:
    handover.promote(pods[0], "Leases", make_layer(pods[0]), "better")
    own = pods[1].workspace.adapters_gguf / "Leases.gguf"
    own.write_bytes(b"GGUF")

    (said,) = follow(pods[1])

    assert own.read_bytes() == b"GGUF"
    assert "is not one of Lamina's links" in said


def test_a_look_that_finds_nothing_new_reads_no_head(
    pods: list[Pod], make_layer: MakeLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    handover.promote(pods[0], "Leases", make_layer(pods[0]), "better")
    follow(pods[1])
    read: list[str] = []
    monkeypatch.setattr(heads, "_read", lambda _link, path: read.append(path))

    follow(pods[1])

    assert read == []


def test_a_head_stays_small_however_often_is_decided(
    pods: list[Pod], make_layer: MakeLayer
) -> None:
    kept, ref = (make_layer(pods[0], seed=seed) for seed in range(2))
    handover.promote(pods[0], "Leases", kept, "better")
    for _ in range(60):
        handover.hold(pods[0], "Leases", ref, "unclear", {"figures": "x" * 2000})

    follow(pods[1])

    with open_link(pods[1].settings) as link:
        (path,) = decided.newest_files(link)["Leases"]
        size = link.run(lambda carrier: carrier.size(path))
    assert size is not None
    assert size < 52 * 2400
    assert serving(pods[:2]) == [kept.digest] * 2
