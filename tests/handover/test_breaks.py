"""Connections that break: cut on the wire, the session's process killed, gone for good."""

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from builders import MakeLayer, MakePod
from ssh_server import SshServer
from wire import Wire, wire_to

from lamina.artifacts import ArtifactRef
from lamina.errors import BusyError, DamagedError, NotFoundError
from lamina.stages import handover
from lamina.stages.pod import Pod

MB = 1 << 20
SIZE = 6 * MB
SLACK = 2.5 * MB  # what was under way when the wire was cut, and SSH's own talk


@pytest.fixture
def wire(sshd: SshServer) -> Iterator[Wire]:
    with wire_to(sshd.port) as wire:
        yield wire


@pytest.fixture
def gpu(make_pod: MakePod, over_ssh: Callable[[int], dict[str, object]], wire: Wire) -> Pod:
    return make_pod("gpu", **over_ssh(wire.port))


@pytest.fixture
def cpu(make_pod: MakePod, over_ssh: Callable[[int], dict[str, object]], wire: Wire) -> Pod:
    return make_pod("cpu", **over_ssh(wire.port))


def impatient(pod: Pod) -> Pod:
    settings = pod.settings.model_copy(update={"store_patience_s": 0.3})
    return Pod(settings, pod.workspace, pod.progress)


def test_an_upload_that_is_cut_twice_goes_on_where_it_stopped(
    gpu: Pod, cpu: Pod, wire: Wire, make_layer: MakeLayer
) -> None:
    ref = make_layer(gpu, size=2 * SIZE)
    wire.cuts = [(5 * MB, None), (5 * MB, None)]

    handover.push_refs(gpu, [ref])

    assert wire.connections == 3
    assert wire.up < 2 * SIZE + 2 * SLACK
    handover.pull_refs(cpu, [ref])
    assert cpu.store.verify(ref) is None


def test_a_download_that_is_cut_twice_goes_on_where_it_stopped(
    gpu: Pod, cpu: Pod, wire: Wire, make_layer: MakeLayer
) -> None:
    ref = make_layer(gpu, size=2 * SIZE)
    handover.push_refs(gpu, [ref])
    wire.connections = wire.down = 0
    wire.cuts = [(None, 5 * MB), (None, 5 * MB)]

    handover.pull_refs(cpu, [ref])

    assert wire.connections == 3
    assert wire.down < 2 * SIZE + 2 * SLACK
    assert cpu.store.verify(ref) is None


class KillTheSession:
    """Progress that kills the session's process once half of the bytes are moved."""

    def __init__(self, sshd: SshServer) -> None:
        self._sshd, self._total, self.killed = sshd, 0, 0

    def start(self, label: str, total: int) -> None:
        del label
        self._total = total

    def advance(self, done: int, note: str = "") -> None:
        del note
        if not self.killed and done > self._total / 2:
            for session in self._sshd.sessions():
                os.kill(session, signal.SIGKILL)
                self.killed += 1

    def say(self, line: str) -> None:
        del line


@pytest.mark.parametrize("way", ["push", "pull"])
def test_a_session_killed_half_way_is_gone_on_with(  # noqa: PLR0913, PLR0917 - fixtures
    gpu: Pod, cpu: Pod, wire: Wire, sshd: SshServer, make_layer: MakeLayer, way: str
) -> None:
    ref = make_layer(gpu, size=SIZE)
    killer = KillTheSession(sshd)
    if way == "pull":
        handover.push_refs(gpu, [ref])
        wire.connections = wire.up = wire.down = 0
        handover.pull_refs(Pod(cpu.settings, cpu.workspace, killer), [ref])
    else:
        handover.push_refs(Pod(gpu.settings, gpu.workspace, killer), [ref])

    assert killer.killed > 0
    assert wire.connections == 2
    assert max(wire.up, wire.down) < SIZE + SLACK
    handover.pull_refs(cpu, [ref])
    assert cpu.store.verify(ref) is None


def test_a_link_that_stays_broken_is_reported_with_what_is_missing(
    gpu: Pod, cpu: Pod, wire: Wire, make_layer: MakeLayer
) -> None:
    small, large = make_layer(gpu, "Debt", size=1000), make_layer(gpu, size=SIZE)
    wire.cuts = [(2 * MB, None)] + [(0, 0)] * 50

    with pytest.raises(BusyError) as error:
        handover.push_refs(impatient(gpu), [small, large])

    assert "still missing: 2 files, 6.3 MB" in str(error.value)
    assert f"lora-gguf/{large.digest}/adapter.gguf" in str(error.value)
    assert "push again: what arrived is not sent again" in str(error.value)
    wire.cuts = []
    with pytest.raises(NotFoundError, match="is not in the depot"):
        handover.pull_refs(cpu, [large])


def test_the_next_push_sends_only_what_is_missing(
    gpu: Pod, cpu: Pod, wire: Wire, make_layer: MakeLayer
) -> None:
    ref = make_layer(gpu, size=SIZE)
    wire.cuts = [(4 * MB, None)] + [(0, 0)] * 50
    with pytest.raises(BusyError):
        handover.push_refs(impatient(gpu), [ref])
    wire.cuts, wire.up = [], 0

    sent = handover.push_refs(gpu, [ref])

    assert sent.bytes_sent < SIZE - 2 * MB
    assert wire.up < SIZE - 2 * MB
    handover.pull_refs(cpu, [ref])
    assert cpu.store.verify(ref) is None


def test_the_next_pull_fetches_only_what_is_missing_and_shows_nothing_before(
    gpu: Pod, cpu: Pod, wire: Wire, make_layer: MakeLayer
) -> None:
    ref = make_layer(gpu, size=SIZE)
    handover.push_refs(gpu, [ref])
    wire.cuts = [(None, 4 * MB)] + [(0, 0)] * 50
    with pytest.raises(BusyError, match=r"still missing: 2 files, .* pull again"):
        handover.pull_refs(impatient(cpu), [ref])
    assert not cpu.store.path(ref).exists()
    wire.cuts, wire.down = [], 0

    handover.pull_refs(cpu, [ref])

    assert wire.down < SIZE - 2 * MB
    assert cpu.store.verify(ref) is None


@pytest.mark.parametrize("way", ["push", "pull"])
def test_a_depot_that_nobody_answers_for_is_told_with_what_to_do(
    gpu: Pod, wire: Wire, make_layer: MakeLayer, way: str
) -> None:
    ref = make_layer(gpu)
    wire.refusing = True

    with pytest.raises(BusyError, match=r"the depot sftp://.* and run again"):
        handover.push_refs(impatient(gpu), [ref]) if way == "push" else handover.pull(
            impatient(gpu)
        )


def left_over(pod: Pod, ref: ArtifactRef) -> Path:
    (part,) = (pod.store.root / "tmp").glob(f"receive-{ref.kind}-{ref.digest}/parts/*")
    return part


def test_a_half_that_is_wrong_is_thrown_away_and_fetched_anew(
    gpu: Pod, cpu: Pod, wire: Wire, make_layer: MakeLayer
) -> None:
    ref = make_layer(gpu, size=SIZE)
    handover.push_refs(gpu, [ref])
    wire.cuts = [(None, 4 * MB)] + [(0, 0)] * 50
    with pytest.raises(BusyError):
        handover.pull_refs(impatient(cpu), [ref])
    wire.cuts = []
    part = left_over(cpu, ref)
    part.write_bytes(b"\0" * part.stat().st_size)

    handover.pull_refs(cpu, [ref])

    assert cpu.store.verify(ref) is None


def test_a_half_in_the_depot_that_ends_wrong_is_sent_anew(
    gpu: Pod, cpu: Pod, wire: Wire, make_layer: MakeLayer, tmp_path: Path
) -> None:
    ref = make_layer(gpu, size=SIZE)
    wire.cuts = [(4 * MB, None)] + [(0, 0)] * 50
    with pytest.raises(BusyError):
        handover.push_refs(impatient(gpu), [ref])
    (part,) = (tmp_path / "depot" / "parts").iterdir()
    content = part.read_bytes()
    part.write_bytes(content[:-4096] + b"\0" * 4096)  # as a machine leaves it that lost its power
    wire.cuts = []

    handover.push_refs(gpu, [ref])

    handover.pull_refs(cpu, [ref])
    assert cpu.store.verify(ref) is None


def test_a_pull_that_is_killed_is_gone_on_with_by_the_next_process(
    gpu: Pod, cpu: Pod, wire: Wire, make_layer: MakeLayer
) -> None:
    ref = make_layer(gpu, size=SIZE)
    handover.push_refs(gpu, [ref])
    child = os.fork()
    if child == 0:  # pragma: no cover - ends by its own hand, half-way

        class Suicide(KillTheSession):
            def advance(self, done: int, note: str = "") -> None:
                del note
                if done > self._total / 2:
                    os._exit(9)

        handover.pull_refs(Pod(cpu.settings, cpu.workspace, Suicide(None)), [ref])  # type: ignore[arg-type]
        os._exit(0)
    _, status = os.waitpid(child, 0)
    wire.down = 0

    handover.pull_refs(cpu, [ref])

    assert os.waitstatus_to_exitcode(status) == 9
    assert wire.down < SIZE / 2 + SLACK / 2
    assert cpu.store.verify(ref) is None


def test_a_link_that_comes_back_within_the_patience_is_used(
    gpu: Pod, wire: Wire, make_layer: MakeLayer
) -> None:
    ref = make_layer(gpu)
    wire.refusing = True
    threading.Timer(1.0, setattr, (wire, "refusing", False)).start()
    began_s = time.monotonic()

    handover.push_refs(gpu, [ref])

    assert time.monotonic() - began_s > 0.9


def test_a_damaged_file_is_no_broken_link(
    gpu: Pod, cpu: Pod, wire: Wire, make_layer: MakeLayer, tmp_path: Path
) -> None:
    ref = make_layer(gpu)
    handover.push_refs(gpu, [ref])
    (tmp_path / "depot" / ref.kind / ref.digest / "adapter.gguf").write_bytes(b"?" * 50_000)
    wire.connections = 0

    with pytest.raises(DamagedError):
        handover.pull_refs(cpu, [ref])

    assert wire.connections == 1


def test_the_patience_is_for_a_link_over_which_nothing_arrives(
    gpu: Pod, cpu: Pod, wire: Wire, make_layer: MakeLayer
) -> None:
    ref = make_layer(gpu, size=2 * SIZE)
    handover.push_refs(gpu, [ref])
    wire.cuts = [(None, 4 * MB)] * 4
    began_s = time.monotonic()

    handover.pull_refs(impatient(cpu), [ref])

    assert time.monotonic() - began_s > 2 * 0.3
    assert cpu.store.verify(ref) is None


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
            handover.push_refs(impatient(pod), [ref])

    assert len(list((tmp_path / "depot" / "parts").iterdir())) == 2


def test_a_large_upload_to_s3_goes_on_with_the_parts_that_are_there(
    make_pod: MakePod, s3_port: int, bucket: str, make_layer: MakeLayer
) -> None:
    size = 40 * MB
    with wire_to(s3_port) as wire:
        chosen = {
            "store_url": f"s3://{bucket}/depot",
            "store_s3_endpoint": f"http://127.0.0.1:{wire.port}",
        }
        gpu, cpu = make_pod("gpu", **chosen), make_pod("cpu", **chosen)
        ref = make_layer(gpu, size=size)
        wire.last_up = 24 * MB  # in the second part of 16 MB
        with pytest.raises(BusyError, match="still missing: 2 files"):
            handover.push_refs(impatient(gpu), [ref])
        wire.last_up, wire.refusing, wire.up = None, False, 0

        handover.push_refs(gpu, [ref])

        assert 24 * MB < wire.up < 25 * MB
        handover.pull_refs(cpu, [ref])
        assert cpu.store.verify(ref) is None


def test_a_download_from_s3_that_is_cut_goes_on_where_it_stopped(
    make_pod: MakePod, s3_port: int, bucket: str, make_layer: MakeLayer
) -> None:
    size = 24 * MB
    with wire_to(s3_port) as wire:
        chosen = {
            "store_url": f"s3://{bucket}/depot",
            "store_s3_endpoint": f"http://127.0.0.1:{wire.port}",
        }
        gpu, cpu = make_pod("gpu", **chosen), make_pod("cpu", **chosen)
        ref = make_layer(gpu, size=size)
        handover.push_refs(gpu, [ref])
        wire.down, wire.cuts = 0, [(None, 5 * MB)] * 8  # every answer longer than that is cut
        wire.connections = 0

        handover.pull_refs(cpu, [ref])

        assert wire.down < size + 8 * 5 * MB
        assert cpu.store.verify(ref) is None


def test_an_s3_that_nobody_answers_for_is_told_with_what_to_do(
    make_pod: MakePod, bucket: str, make_layer: MakeLayer
) -> None:
    chosen = {"store_url": f"s3://{bucket}/depot", "store_s3_endpoint": "http://127.0.0.1:9"}
    pod = impatient(make_pod("gpu", **chosen))

    with pytest.raises(BusyError, match=r"the depot s3://.* and run again"):
        handover.push_refs(pod, [make_layer(pod)])
