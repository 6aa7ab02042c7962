"""A document that a person takes back feeds no layer any more, on any pod, and in no depot."""

from pathlib import Path

import pytest
from builders import MakePod, drop, impatient, in_depot, version

from lamina.errors import BusyError, MismatchError, NotFoundError
from lamina.orders import WatchPdfs
from lamina.stages import corpus, fleet, handover, landing, publishing, withdrawing
from lamina.stages.pod import Pod
from lamina.stages.publishing import Candidate

AT_ONCE = WatchPdfs(settle_s=0)
WHY = "the licence ended"


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)


def withdraw(
    pod: Pod, file: str | None, layer: str | None = None, *, stop: bool = False
) -> withdrawing.Withdrawal:
    return withdrawing.withdraw(pod, withdrawing.plan(pod, file, layer, stop=stop), WHY)


def corpus_of(pod: Pod) -> list[str]:
    return sorted(f"{one.layer}/{one.name}" for one in corpus.find_documents(pod))


def test_it_leaves_inbox_archive_corpus_and_depot_of_all_pods(cpu: Pod, gpu: Pod) -> None:
    for name in ("Leases/a.pdf", "Leases/b.pdf", "Debt/a.pdf"):
        drop(cpu, name)
    landing.watch_pdfs(cpu, AT_ONCE)
    landing.fetch_landed(gpu)
    archived = gpu.workspace.archive / "Leases" / "a.pdf"
    archived.parent.mkdir(parents=True)
    (gpu.workspace.raw_pdfs / "Leases" / "a.pdf").rename(archived)
    assert in_depot(cpu, b"a.pdf")

    withdraw(cpu, "Leases/a.pdf", "Leases")
    withdraw(cpu, "a.pdf", "Debt")

    assert not in_depot(cpu, b"%PDF-1.7 a.pdf")
    assert in_depot(cpu, b"%PDF-1.7 b.pdf")
    assert landing.fetch_landed(gpu) == []
    assert corpus_of(cpu) == corpus_of(gpu) == ["Leases/b.pdf"]
    assert not archived.exists()
    kept = [path.name for path in (gpu.workspace.withdrawn / "Leases").iterdir()]
    assert [name[9:] for name in kept] == ["a.pdf"]


def test_a_new_pod_never_gets_it(cpu: Pod, make_pod: MakePod, tmp_path: Path) -> None:
    for name in ("Leases/a.pdf", "Leases/b.pdf"):
        drop(cpu, name)
    landing.watch_pdfs(cpu, AT_ONCE)
    withdraw(cpu, "a.pdf")

    new = make_pod("new", store_url=str(tmp_path / "depot"))

    assert landing.fetch_landed(new) == ["Leases/b.pdf"]


def test_while_the_depot_holds_it_still_no_pod_takes_it_from_there(
    cpu: Pod, gpu: Pod, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Leases/a.pdf", "Leases/b.pdf"):
        drop(cpu, name)
    landing.watch_pdfs(cpu, AT_ONCE)

    def fail(*_: object) -> list[str]:
        msg = "the link broke"
        raise BusyError(msg)

    monkeypatch.setattr(withdrawing, "take_out_of_depot", fail)
    withdraw(cpu, "a.pdf")

    assert landing.fetch_landed(gpu) == ["Leases/b.pdf"]


def test_while_the_depot_is_away_it_leaves_this_pod_and_the_others_later(
    make_pod: MakePod, tmp_path: Path
) -> None:
    mount = tmp_path / "volume"
    mount.mkdir()
    cpu, gpu = (make_pod(name, store_url=str(mount / "depot")) for name in ("here", "there"))
    for name in ("Leases/a.pdf", "Leases/b.pdf", "Leases/c.pdf"):
        drop(cpu, name)
    landing.watch_pdfs(cpu, AT_ONCE)
    landing.fetch_landed(gpu)
    withdraw(cpu, "c.pdf")
    mount.rename(tmp_path / "away")

    withdraw(impatient(cpu), "a.pdf")

    assert corpus_of(cpu) == ["Leases/b.pdf"]
    (tmp_path / "away").rename(mount)
    fleet.learn(cpu)
    landing.fetch_landed(gpu)
    assert corpus_of(gpu) == ["Leases/b.pdf"]


def test_one_that_lands_once_more_feeds_nothing_and_is_not_handed_in(cpu: Pod, gpu: Pod) -> None:
    drop(cpu, "Leases/a.pdf")
    drop(gpu, "Leases/b.pdf")
    withdraw(cpu, "a.pdf")
    fleet.learn(gpu)

    drop(gpu, "Leases/a.pdf")
    landing.watch_pdfs(gpu, AT_ONCE)

    assert corpus_of(gpu) == ["Leases/b.pdf"]
    assert not in_depot(gpu, b"%PDF-1.7 a.pdf")


def test_what_was_trained_on_it_says_so_and_goes_on_serving_until_it_is_replaced(cpu: Pod) -> None:
    first, second = drop(cpu, "Leases/a.pdf"), drop(cpu, "Leases/b.pdf")
    ref = version(cpu, [first, second])
    handover.promote(cpu, "Leases", ref, "better")

    wanted = withdrawing.plan(cpu, "a.pdf", None)
    withdrawing.withdraw(cpu, wanted, WHY)

    (shown,) = handover.versions(cpu)
    assert (shown.state, shown.withdrawn) == ("served", ("a.pdf",))
    assert (wanted.versions, wanted.stops) == ({"Leases": (ref.digest,)}, {})
    assert wanted.due == ("Leases",)


def test_asked_to_stop_the_layer_goes_back_to_a_version_that_was_not_trained_on_it(
    cpu: Pod, gpu: Pod
) -> None:
    first, second = drop(cpu, "Leases/a.pdf"), drop(cpu, "Leases/b.pdf")
    clean, tainted = version(cpu, [second]), version(cpu, [first, second])
    for ref in (clean, tainted):
        handover.promote(cpu, "Leases", ref, "better")
    fleet.follow(gpu)

    withdraw(cpu, "a.pdf", stop=True)
    fleet.follow(gpu)

    assert [handover.served(pod, "Leases") for pod in (cpu, gpu)] == [clean, clean]
    states = {one.digest: one.state for one in handover.versions(gpu)}
    assert states == {clean.digest: "served", tainted.digest: "stopped"}
    with pytest.raises(NotFoundError, match="no earlier version"):
        handover.rollback(gpu, "Leases")


def test_a_layer_of_which_all_is_withdrawn_serves_no_more_on_any_pod(cpu: Pod, gpu: Pod) -> None:
    ref = version(cpu, [drop(cpu, "Leases/a.pdf")])
    drop(cpu, "Debt/b.pdf")
    handover.push(cpu, {"layers/Leases": {"gguf": ref}})
    handover.promote(cpu, "Leases", ref, "better")
    fleet.follow(gpu)

    done = withdraw(cpu, None, "Leases")
    fleet.follow(gpu)

    assert not any((pod.workspace.adapters_gguf / "Leases.gguf").is_symlink() for pod in (cpu, gpu))
    assert corpus_of(cpu) == ["Debt/b.pdf"]
    assert done.plan.due == ()
    assert "layers/Leases" in done.left_depot


def test_twice_is_as_good_as_once(cpu: Pod) -> None:
    drop(cpu, "Leases/a.pdf")
    drop(cpu, "Leases/b.pdf")
    withdraw(cpu, "a.pdf")
    noted = handover.decisions(cpu, "Leases")

    again = withdraw(cpu, "a.pdf")

    assert handover.decisions(cpu, "Leases") == noted
    assert [one.name for one in again.plan.already] == ["a.pdf"]
    assert again.moved == ()


def test_taken_back_it_lands_anew(cpu: Pod, gpu: Pod) -> None:
    drop(cpu, "Leases/a.pdf")
    drop(cpu, "Leases/b.pdf")
    landing.watch_pdfs(cpu, AT_ONCE)
    withdraw(cpu, "a.pdf")

    assert withdrawing.restore(cpu, "a.pdf", None, "a mistake") == ["Leases/a.pdf"]
    turn = landing.watch_pdfs(cpu, AT_ONCE)

    assert [one.name for one in turn.announced] == ["a.pdf"]
    assert sorted(landing.fetch_landed(gpu)) == ["Leases/a.pdf", "Leases/b.pdf"]


def test_a_candidate_that_was_trained_on_it_is_not_promoted(cpu: Pod) -> None:
    ref = version(cpu, [drop(cpu, "Leases/a.pdf")])
    drop(cpu, "Leases/b.pdf")
    withdraw(cpu, "a.pdf")

    with pytest.raises(MismatchError, match=r"trained on a\.pdf, withdrawn since"):
        publishing.check_withdrawn(cpu, Candidate(layer="Leases", gguf=ref))
