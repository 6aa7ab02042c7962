"""What a break has left half done: gone on with, or thrown away where it is wrong."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import MB, SIZE, MakeLayer, MakePod, impatient, is_whole, pull_refs, push_refs
from wire import Wire

from lamina.artifacts import ArtifactRef
from lamina.errors import BusyError
from lamina.stages.pod import Pod


@pytest.fixture
def depot(over_ssh: Callable[[int], dict[str, object]], wire: Wire) -> dict[str, object]:
    return over_ssh(wire.port)


def test_the_next_push_sends_only_what_is_missing(
    gpu: Pod, cpu: Pod, wire: Wire, make_layer: MakeLayer
) -> None:
    ref = make_layer(gpu, size=SIZE)
    wire.cuts = [(4 * MB, None)] + [(0, 0)] * 50
    with pytest.raises(BusyError):
        push_refs(impatient(gpu), [ref])
    wire.cuts, wire.up = [], 0

    sent = push_refs(gpu, [ref])

    assert sent.bytes_sent < SIZE - 2 * MB
    assert wire.up < SIZE - 2 * MB
    pull_refs(cpu, [ref])
    assert is_whole(cpu, ref)


def test_the_next_pull_fetches_only_what_is_missing_and_shows_nothing_before(
    gpu: Pod, cpu: Pod, wire: Wire, make_layer: MakeLayer
) -> None:
    ref = make_layer(gpu, size=SIZE)
    push_refs(gpu, [ref])
    wire.cuts = [(None, 4 * MB)] + [(0, 0)] * 50
    with pytest.raises(BusyError, match=r"still missing: 2 files, .* pull again"):
        pull_refs(impatient(cpu), [ref])
    assert not cpu.store.path(ref).exists()
    wire.cuts, wire.down = [], 0

    pull_refs(cpu, [ref])

    assert wire.down < SIZE - 2 * MB
    assert is_whole(cpu, ref)


def left_over(pod: Pod, ref: ArtifactRef) -> Path:
    (part,) = (pod.store.root / "tmp").glob(f"receive-{ref.kind}-{ref.digest}/parts/*")
    return part


def test_a_half_that_is_wrong_is_thrown_away_and_fetched_anew(
    gpu: Pod, cpu: Pod, wire: Wire, make_layer: MakeLayer
) -> None:
    ref = make_layer(gpu, size=SIZE)
    push_refs(gpu, [ref])
    wire.cuts = [(None, 4 * MB)] + [(0, 0)] * 50
    with pytest.raises(BusyError):
        pull_refs(impatient(cpu), [ref])
    wire.cuts = []
    part = left_over(cpu, ref)
    part.write_bytes(b"\0" * part.stat().st_size)

    pull_refs(cpu, [ref])

    assert is_whole(cpu, ref)


def test_a_half_in_the_depot_that_ends_wrong_is_sent_anew(
    gpu: Pod, cpu: Pod, wire: Wire, make_layer: MakeLayer, tmp_path: Path
) -> None:
    ref = make_layer(gpu, size=SIZE)
    wire.cuts = [(4 * MB, None)] + [(0, 0)] * 50
    with pytest.raises(BusyError):
        push_refs(impatient(gpu), [ref])
    (part,) = (tmp_path / "depot" / "parts").iterdir()
    content = part.read_bytes()
    part.write_bytes(content[:-4096] + b"\0" * 4096)  # as a machine leaves it that lost its power
    wire.cuts = []

    push_refs(gpu, [ref])

    pull_refs(cpu, [ref])
    assert is_whole(cpu, ref)


def test_two_pods_keep_their_halves_apart(
    make_pod: MakePod, over_ssh: Callable[[int], dict[str, object]], wire: Wire, tmp_path: Path,
    make_layer: MakeLayer,
) -> None:  # fmt: skip
    pods = [make_pod(name, **over_ssh(wire.port)) for name in ("gpu-1", "gpu-2")]
    ref = make_layer(pods[0], size=SIZE)
    shutil.copytree(pods[0].store.path(ref), pods[1].store.path(ref))

    for pod in pods:
        wire.cuts = [(4 * MB, None)] + [(0, 0)] * 50
        with pytest.raises(BusyError):
            push_refs(impatient(pod), [ref])

    assert len(list((tmp_path / "depot" / "parts").iterdir())) == 2
