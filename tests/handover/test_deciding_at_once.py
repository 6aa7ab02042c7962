"""Two pods that decide at one moment, or by other clocks: nothing is lost, and all agree."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders import MakeLayer, MakePod, follow, serving
from forks import at_once
from pods import Told

from lamina.handover import decided, versions
from lamina.handover.opening import open_link
from lamina.stages import handover
from lamina.stages.pod import Pod


def test_two_pods_that_decide_at_once_lose_nothing_and_agree(
    pods: list[Pod], make_layer: MakeLayer
) -> None:
    refs = [make_layer(pods[0], seed=seed) for seed in range(2)]
    follow(*pods)
    shutil.copytree(pods[0].store.root, pods[1].store.root, dirs_exist_ok=True)

    codes = at_once(
        [
            lambda pod=pod, ref=ref: handover.promote(pod, "Leases", ref, "better")
            for pod, ref in zip(pods[:2], refs, strict=True)
        ]
    )
    follow(*pods)

    assert codes == [0, 0]
    assert len(set(serving(pods))) == 1
    noted = [{one.digest for one in handover.decisions(pod, "Leases")} for pod in pods]
    assert noted == [{ref.digest for ref in refs}] * 5


def test_two_heads_of_one_number_are_both_obeyed(
    make_pod: MakePod, tmp_path: Path, make_layer: MakeLayer
) -> None:
    urls = [tmp_path / name for name in ("depot", "written-at-the-same-moment")]
    pods = [make_pod(f"cpu-{number}", store_url=str(url)) for number, url in enumerate(urls)]
    refs = [make_layer(pod, seed=pod.workspace.root.name) for pod in pods]
    for pod, ref in zip(pods, refs, strict=True):
        handover.promote(pod, "Leases", ref, "better")
    shutil.copytree(urls[1], urls[0], dirs_exist_ok=True)
    third = make_pod("cpu-3", store_url=str(urls[0]))

    follow(third)

    assert {one.digest for one in handover.decisions(third, "Leases")} == {
        ref.digest for ref in refs
    }
    assert handover.served(third, "Leases") == refs[1]
    assert handover.rollback(third, "Leases") == refs[0]


def test_what_one_pod_tells_takes_nothing_away_that_another_told(
    pods: list[Pod], make_layer: MakeLayer
) -> None:
    lines = []
    for number, pod in enumerate(pods[:2]):  # neither has heard of the other
        with versions.open_history(pod.workspace.versions, "Leases") as one:
            lines.append(one.line("hold", make_layer(pod, seed=number).digest, "worse"))
    with open_link(pods[0].settings) as link:
        for line in lines:
            decided.exchange(link, "Leases", [line], "somebody@pod")

        assert decided.read(link, "Leases").history.decisions == tuple(lines)


def test_who_decided_at_the_same_time_is_told_whose_word_counts(
    pods: list[Pod], make_layer: MakeLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = make_layer(pods[0], seed=1), make_layer(pods[1], seed=2)
    told = Told()
    me = Pod(pods[0].settings, pods[0].workspace, told)
    real = decided.read
    looks = iter([decided.Written((), decided.History(()))])  # at the first look there is nothing

    def read(*arguments: object) -> decided.Written:
        return next(looks, None) or real(*arguments)  # type: ignore[arg-type]

    handover.promote(pods[1], "Leases", theirs, "better")
    monkeypatch.setattr(decided, "read", read)

    handover.promote(me, "Leases", mine, "better")

    (line,) = told.lines
    assert f"(promote {theirs.digest[:12]})" in line
    assert f"{mine.digest[:12]} serves" in line


def test_a_clock_that_is_an_hour_slow_does_not_undo_what_is_decided_later(
    pods: list[Pod], make_layer: MakeLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(datetime):
        @classmethod
        def now(cls, _zone: object = None) -> "Slow":  # type: ignore[override]
            return datetime.now(UTC) - timedelta(hours=1)  # type: ignore[return-value]

    one, two = (make_layer(pods[0], seed=seed) for seed in range(2))
    handover.promote(pods[0], "Leases", one, "better")
    follow(pods[1])
    with monkeypatch.context() as clock:
        clock.setattr(versions, "datetime", Slow)
        shutil.copytree(pods[0].store.path(two), pods[1].store.path(two))
        handover.promote(pods[1], "Leases", two, "better still")

    follow(*pods)

    assert serving(pods) == [two.digest] * 5
