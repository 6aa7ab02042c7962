"""Two pods, and two processes of one pod, hand over at the same time."""

from collections.abc import Sequence
from multiprocessing import SimpleQueue

from builders import MakeLayer, MakePod, is_whole, pull_refs, push_refs
from forks import at_once

from lamina.artifacts import ArtifactRef
from lamina.stages import handover
from lamina.stages.pod import Pod

SIZE = 4 << 20


def same_layer(pods: Sequence[Pod], make_layer: MakeLayer) -> ArtifactRef:
    """The same artifact in every pod's store."""
    ref = make_layer(pods[0], size=SIZE)
    content = (pods[0].store.path(ref) / "adapter.gguf").read_bytes()
    for pod in pods[1:]:

        def fill(whole, parts) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
            del parts
            (whole / "notes").mkdir()
            (whole / "adapter.gguf").write_bytes(content)
            (whole / "notes" / "card.md").write_text("Leases 1")

        pod.store.receive(ref, (pods[0].store.path(ref) / "manifest.json").read_bytes(), fill)
    return ref


def test_two_pods_that_push_the_same_at_once_both_succeed(
    make_pod: MakePod, every_depot: dict[str, object], make_layer: MakeLayer
) -> None:
    pods = [make_pod(name, **every_depot) for name in ("gpu-1", "gpu-2", "cpu")]
    ref = same_layer(pods[:2], make_layer)
    heads = {"layers/Leases": {"gguf": ref}}

    codes = at_once([lambda pod=pod: handover.push(pod, heads) for pod in pods[:2]])

    assert codes == [0, 0]
    assert handover.pull(pods[2]).heads["layers/Leases"].refs["gguf"] == ref
    assert is_whole(pods[2], ref)


def test_two_processes_of_one_pod_that_push_the_same_send_it_once(
    make_pod: MakePod, every_depot: dict[str, object], make_layer: MakeLayer
) -> None:
    pod, reader = make_pod("gpu", **every_depot), make_pod("cpu", **every_depot)
    ref = make_layer(pod, size=SIZE)
    sent = SimpleQueue()

    def push() -> None:
        sent.put(push_refs(pod, [ref]).bytes_sent)

    codes = at_once([push, push])

    assert codes == [0, 0]
    assert sent.get() + sent.get() == SIZE + len("Leases 1")
    pull_refs(reader, [ref])
    assert is_whole(reader, ref)


def test_two_processes_of_one_pod_that_pull_the_same_fetch_it_once(
    make_pod: MakePod, every_depot: dict[str, object], make_layer: MakeLayer
) -> None:
    pod, reader = make_pod("gpu", **every_depot), make_pod("cpu", **every_depot)
    ref = make_layer(pod, size=SIZE)
    push_refs(pod, [ref])
    fetched = SimpleQueue()

    def pull() -> None:
        fetched.put(pull_refs(reader, [ref]).bytes_fetched)

    codes = at_once([pull, pull])

    assert codes == [0, 0]
    assert fetched.get() + fetched.get() == SIZE + len("Leases 1")
    assert is_whole(reader, ref)


def test_pods_that_give_one_name_two_meanings_lose_neither(
    make_pod: MakePod, every_depot: dict[str, object], make_layer: MakeLayer
) -> None:
    pods = [make_pod(name, **every_depot) for name in ("gpu-1", "gpu-2", "cpu")]
    refs = [make_layer(pod, seed=pod.workspace.root.name) for pod in pods[:2]]

    codes = at_once(
        [
            lambda pod=pod, ref=ref: handover.push(pod, {"layers/Leases": {"gguf": ref}})
            for pod, ref in zip(pods, refs, strict=False)
        ]
    )

    assert codes == [0, 0]
    assert handover.pull(pods[2]).heads["layers/Leases"].refs["gguf"] in refs
    pull_refs(pods[2], refs)
