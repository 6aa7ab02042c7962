"""What a depot promises, whatever carries the bytes: a folder, a real sshd, S3 over HTTP."""

from collections.abc import Callable
from pathlib import Path

import pytest
from builders import MakeLayer, MakePod, is_whole, pull_refs, push_refs

from lamina.artifacts import ArtifactRef
from lamina.errors import DamagedError, InvalidInputError, NotFoundError
from lamina.handover.carrier import Carrier
from lamina.handover.opening import open_link
from lamina.stages import handover
from lamina.stages.pod import Pod
from lamina.store import MANIFEST, Stage


def at_the_depot(pod: Pod, action: Callable[[Carrier], object]) -> object:
    with open_link(pod.settings) as link:
        return link.run(action)


def path_of(ref: ArtifactRef, name: str = "adapter.gguf") -> str:
    return f"{ref.kind}/{ref.digest}/{name}"


@pytest.fixture
def depot(every_depot: dict[str, object]) -> dict[str, object]:
    return every_depot


def test_what_one_pod_pushes_another_pulls_whole(gpu: Pod, cpu: Pod, make_layer: MakeLayer) -> None:
    ref = make_layer(gpu)

    handover.push(gpu, {"layers/Leases": {"gguf": ref}}, facts={"layers/Leases": {"loss": 0.25}})
    pulled = handover.pull(cpu)

    head = pulled.heads["layers/Leases"]
    assert (head.refs, head.facts, head.sequence) == ({"gguf": ref}, {"loss": 0.25}, 1)
    assert is_whole(cpu, ref)
    for name in ("adapter.gguf", "notes/card.md", MANIFEST):
        assert (gpu.store.path(ref) / name).read_bytes() == (
            cpu.store.path(ref) / name
        ).read_bytes()


def test_a_stage_whose_result_was_pulled_need_not_run(
    gpu: Pod, cpu: Pod, make_layer: MakeLayer
) -> None:
    ref = make_layer(gpu)
    push_refs(gpu, [ref])

    pull_refs(cpu, [ref])

    assert ref == cpu.store.recall(Stage("export", 1), {"layer": "Leases", "seed": 1})


def test_nothing_travels_twice(gpu: Pod, cpu: Pod, make_layer: MakeLayer) -> None:
    heads = {"layers/Leases": {"gguf": make_layer(gpu)}}

    first, second = handover.push(gpu, heads), handover.push(gpu, heads)
    third, fourth = handover.pull(cpu), handover.pull(cpu)

    assert (first.files_sent, second.files_sent, second.artifacts_present) == (2, 0, 1)
    assert (third.files_fetched, fourth.files_fetched, fourth.artifacts_present) == (2, 0, 1)
    assert third.bytes_fetched == first.bytes_sent > 50_000


def test_only_the_missing_file_of_an_artifact_travels(
    gpu: Pod, cpu: Pod, make_layer: MakeLayer
) -> None:
    ref = make_layer(gpu)
    push_refs(gpu, [ref])
    at_the_depot(gpu, lambda carrier: carrier.remove(path_of(ref, MANIFEST)))
    at_the_depot(gpu, lambda carrier: carrier.remove(path_of(ref, "notes/card.md")))

    sent = push_refs(gpu, [ref])
    pull_refs(cpu, [ref])

    assert (sent.files_sent, sent.bytes_sent) == (1, len("Leases 1"))
    assert cpu.store.holds(ref)


def test_a_name_stands_for_what_was_pushed_last(gpu: Pod, cpu: Pod, make_layer: MakeLayer) -> None:
    old, new = make_layer(gpu, seed=1), make_layer(gpu, seed=2)

    for ref in (old, new, new):
        handover.push(gpu, {"layers/Leases": {"gguf": ref}})
    head = handover.pull(cpu, ["layers"]).heads["layers/Leases"]

    assert (head.refs["gguf"], head.sequence) == (new, 2)
    assert not cpu.store.holds(old)


def test_only_the_wanted_names_and_roles_are_pulled(
    gpu: Pod, cpu: Pod, make_layer: MakeLayer
) -> None:
    leases, debt, rows = (make_layer(gpu, seed=seed) for seed in range(3))
    handover.push(gpu, {"layers/Leases": {"gguf": leases, "dataset": rows}})
    handover.push(gpu, {"layers/Debt": {"gguf": debt}})

    pulled = handover.pull(cpu, ["layers/Leases"], roles={"gguf"})

    assert {"layers/Leases": {"gguf": leases}} == {
        name: head.refs for name, head in pulled.heads.items()
    }
    assert [cpu.store.holds(ref) for ref in (leases, debt, rows)] == [True, False, False]


def test_a_name_that_nobody_pushed_is_not_found(gpu: Pod, make_layer: MakeLayer) -> None:
    handover.push(gpu, {"layers/Leases": {"gguf": make_layer(gpu)}})

    with pytest.raises(NotFoundError, match=r"layers/Debt is not in the depot .* layers/Leases"):
        handover.pull(gpu, ["layers/Debt"])


def test_an_empty_depot_has_no_layers_and_says_no_more(gpu: Pod) -> None:
    assert {} == handover.pull(gpu, ["layers"]).heads == handover.newest_heads(gpu)


def test_an_artifact_without_its_manifest_is_not_there(
    gpu: Pod, cpu: Pod, make_layer: MakeLayer
) -> None:
    ref = make_layer(gpu)
    push_refs(gpu, [ref])
    at_the_depot(gpu, lambda carrier: carrier.remove(path_of(ref, MANIFEST)))

    with pytest.raises(NotFoundError, match="is not in the depot"):
        pull_refs(cpu, [ref])


@pytest.mark.parametrize("name", ["adapter.gguf", "notes/card.md"])
def test_wrong_bytes_in_the_depot_never_become_visible(
    gpu: Pod, cpu: Pod, make_layer: MakeLayer, name: str
) -> None:
    ref = make_layer(gpu)
    push_refs(gpu, [ref])
    right = (gpu.store.path(ref) / name).read_bytes()
    wrong = bytes([right[0] ^ 1]) + right[1:]
    at_the_depot(gpu, lambda carrier: carrier.write(path_of(ref, name), wrong))

    with pytest.raises(DamagedError, match=f"{name} has another content"):
        pull_refs(cpu, [ref])

    assert not cpu.store.path(ref).exists()


def test_a_file_that_is_too_long_is_refused_before_it_is_fetched(
    gpu: Pod, cpu: Pod, make_layer: MakeLayer
) -> None:
    ref = make_layer(gpu)
    push_refs(gpu, [ref])
    at_the_depot(gpu, lambda carrier: carrier.write(path_of(ref), b"?" * 90_000))

    with pytest.raises(DamagedError, match="has 90,000 bytes instead of 50,000"):
        pull_refs(cpu, [ref])


def test_pushing_again_repairs_the_depot(gpu: Pod, cpu: Pod, make_layer: MakeLayer) -> None:
    heads = {"layers/Leases": {"gguf": make_layer(gpu)}}
    handover.push(gpu, heads)
    ref = heads["layers/Leases"]["gguf"]
    at_the_depot(gpu, lambda carrier: carrier.write(path_of(ref), b"?" * 50_000))

    handover.push(gpu, heads, again=True)

    assert handover.pull(cpu).heads["layers/Leases"].refs["gguf"] == ref
    assert cpu.store.holds(ref)


def test_a_pod_whose_own_copy_is_damaged_does_not_push_it(gpu: Pod, make_layer: MakeLayer) -> None:
    ref = make_layer(gpu)
    (gpu.store.path(ref) / "adapter.gguf").write_bytes(b"?" * 50_000)

    with pytest.raises(DamagedError):
        handover.push(gpu, {"layers/Leases": {"gguf": ref}})

    assert handover.newest_heads(gpu) == {}


def test_a_damaged_copy_of_a_pod_is_replaced_by_the_depots(
    gpu: Pod, cpu: Pod, make_layer: MakeLayer
) -> None:
    ref = make_layer(gpu)
    push_refs(gpu, [ref])
    pull_refs(cpu, [ref])
    (cpu.store.path(ref) / "adapter.gguf").write_bytes(b"cut short")

    pull_refs(cpu, [ref])

    assert is_whole(cpu, ref)


def test_a_tampered_head_is_refused(gpu: Pod, cpu: Pod, make_layer: MakeLayer) -> None:
    old, new = make_layer(gpu, seed=1), make_layer(gpu, seed=2)
    handover.push(gpu, {"layers/Leases": {"gguf": old}})
    (name,) = at_the_depot(gpu, lambda carrier: carrier.names("heads"))
    content = at_the_depot(gpu, lambda carrier: b"".join(carrier.read(f"heads/{name}", 0, 9999)))
    other = content.replace(old.digest.encode(), new.digest.encode())
    at_the_depot(gpu, lambda carrier: carrier.write(f"heads/{name}", other))

    with pytest.raises(DamagedError, match="is not what was written"):
        handover.pull(cpu)


def test_a_name_cannot_lead_out_of_the_depot(gpu: Pod, make_layer: MakeLayer) -> None:
    with pytest.raises(InvalidInputError, match="is no name in a depot"):
        handover.push(gpu, {"../../etc": {"gguf": make_layer(gpu)}})


def test_only_the_last_heads_of_a_name_stay(
    gpu: Pod, make_layer: MakeLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lamina.handover import heads

    monkeypatch.setattr(heads, "KEPT", 2)
    for seed in range(4):
        handover.push(gpu, {"layers/Leases": {"gguf": make_layer(gpu, seed=seed)}})

    names = at_the_depot(gpu, lambda carrier: carrier.names("heads/layers/Leases"))

    assert [name[:8] for name in names] == ["00000003", "00000004"]


def test_a_pod_without_a_depot_says_how_to_name_one(make_pod: MakePod) -> None:
    with pytest.raises(InvalidInputError, match="set LAMINA_STORE_URL"):
        handover.pull(make_pod("lonely"))


def test_nothing_is_left_beside_what_was_pushed_and_pulled(
    gpu: Pod, cpu: Pod, make_layer: MakeLayer
) -> None:
    ref = make_layer(gpu)
    push_refs(gpu, [ref])
    pull_refs(cpu, [ref])

    assert at_the_depot(gpu, lambda carrier: carrier.names("parts")) == []
    assert list((Path(cpu.store.root) / "tmp").iterdir()) == []
