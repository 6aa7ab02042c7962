"""Connections that break: cut on the wire, the session's process killed, gone for good."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import MB, SIZE, SLACK, MakeLayer, impatient, is_whole, pull_refs, push_refs
from forks import ended, forked
from ssh_server import SshServer
from wire import Wire

from lamina.errors import BusyError, DamagedError, NotFoundError
from lamina.progress import Silent
from lamina.stages import handover
from lamina.stages.pod import Pod


@pytest.fixture
def depot(over_ssh: Callable[[int], dict[str, object]], wire: Wire) -> dict[str, object]:
    return over_ssh(wire.port)


def test_an_upload_that_is_cut_twice_goes_on_where_it_stopped(
    gpu: Pod, cpu: Pod, wire: Wire, make_layer: MakeLayer
) -> None:
    ref = make_layer(gpu, size=2 * SIZE)
    wire.cuts = [(5 * MB, None), (5 * MB, None)]

    push_refs(gpu, [ref])

    assert wire.connections == 3
    assert wire.up < 2 * SIZE + 2 * SLACK
    pull_refs(cpu, [ref])
    assert is_whole(cpu, ref)


def test_a_download_that_is_cut_twice_goes_on_where_it_stopped(
    gpu: Pod, cpu: Pod, wire: Wire, make_layer: MakeLayer
) -> None:
    ref = make_layer(gpu, size=2 * SIZE)
    push_refs(gpu, [ref])
    wire.connections = wire.down = 0
    wire.cuts = [(None, 5 * MB), (None, 5 * MB)]

    pull_refs(cpu, [ref])

    assert wire.connections == 3
    assert wire.down < 2 * SIZE + 2 * SLACK
    assert is_whole(cpu, ref)


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
        push_refs(gpu, [ref])
        wire.connections = wire.up = wire.down = 0
        pull_refs(Pod(cpu.settings, cpu.workspace, killer), [ref])
    else:
        push_refs(Pod(gpu.settings, gpu.workspace, killer), [ref])

    assert killer.killed > 0
    assert wire.connections == 2
    assert max(wire.up, wire.down) < SIZE + SLACK
    pull_refs(cpu, [ref])
    assert is_whole(cpu, ref)


def test_a_link_that_stays_broken_is_reported_with_what_is_missing(
    gpu: Pod, cpu: Pod, wire: Wire, make_layer: MakeLayer
) -> None:
    small, large = make_layer(gpu, "Debt", size=1000), make_layer(gpu, size=SIZE)
    wire.cuts = [(2 * MB, None)] + [(0, 0)] * 50

    with pytest.raises(BusyError) as error:
        push_refs(impatient(gpu), [small, large])

    assert "still missing: 2 files, 6.3 MB" in str(error.value)
    assert f"lora-gguf/{large.digest}/adapter.gguf" in str(error.value)
    assert "push again: what arrived is not sent again" in str(error.value)
    wire.cuts = []
    with pytest.raises(NotFoundError, match="is not in the depot"):
        pull_refs(cpu, [large])


@pytest.mark.parametrize("way", ["push", "pull"])
def test_a_depot_that_nobody_answers_for_is_told_with_what_to_do(
    gpu: Pod, wire: Wire, make_layer: MakeLayer, way: str
) -> None:
    ref = make_layer(gpu)
    wire.refusing = True

    with pytest.raises(BusyError, match=r"the depot sftp://.* and run again"):
        push_refs(impatient(gpu), [ref]) if way == "push" else handover.pull(impatient(gpu))


def test_a_pull_that_is_killed_is_gone_on_with_by_the_next_process(
    gpu: Pod, cpu: Pod, wire: Wire, make_layer: MakeLayer
) -> None:
    ref = make_layer(gpu, size=SIZE)
    push_refs(gpu, [ref])

    class Suicide(KillTheSession):
        def advance(self, done: int, note: str = "") -> None:
            del note
            if done > self._total / 2:
                os._exit(9)

    dying = Pod(cpu.settings, cpu.workspace, Suicide(None))  # type: ignore[arg-type]
    code = ended(forked(lambda: pull_refs(dying, [ref])))
    wire.down = 0

    pull_refs(cpu, [ref])

    assert code == 9
    assert wire.down < SIZE / 2 + SLACK / 2
    assert is_whole(cpu, ref)


def test_a_link_that_comes_back_within_the_patience_is_used(
    gpu: Pod, wire: Wire, make_layer: MakeLayer
) -> None:
    ref = make_layer(gpu)
    wire.refusals = 2

    push_refs(gpu, [ref])

    assert (wire.refusals, wire.connections) == (0, 1)


def test_a_damaged_file_is_no_broken_link(
    gpu: Pod, cpu: Pod, wire: Wire, make_layer: MakeLayer, tmp_path: Path
) -> None:
    ref = make_layer(gpu)
    push_refs(gpu, [ref])
    (tmp_path / "depot" / ref.kind / ref.digest / "adapter.gguf").write_bytes(b"?" * 50_000)
    wire.connections = 0

    with pytest.raises(DamagedError):
        pull_refs(cpu, [ref])

    assert wire.connections == 1


def test_the_patience_is_for_a_link_over_which_nothing_arrives(
    gpu: Pod, cpu: Pod, wire: Wire, make_layer: MakeLayer
) -> None:
    ref = make_layer(gpu, size=2 * SIZE)
    push_refs(gpu, [ref])
    wire.connections, wire.cuts = 0, [(None, 4 * MB)] * 4

    class Slow(Silent):
        """Each connection lasts longer than the patience."""

        slept = 0

        def advance(self, done: int, note: str = "") -> None:
            del done, note
            if self.slept < wire.connections:
                self.slept = wire.connections
                time.sleep(1.1 * cpu.settings.store_patience_s)

    cpu = impatient(cpu)
    pull_refs(Pod(cpu.settings, cpu.workspace, Slow()), [ref])

    assert wire.connections > 2
    assert is_whole(cpu, ref)
