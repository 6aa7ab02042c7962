"""A pod that is to serve before its base is there waits for it, and for nothing else."""

import threading
import time
from pathlib import Path

from builders import MakePod
from pods import Told

from lamina.artifacts import ArtifactRef
from lamina.stages import handover
from lamina.stages.pod import Pod
from lamina.store import Stage


def base_of(pod: Pod) -> ArtifactRef:
    def fill(folder: Path) -> dict[str, object]:
        (folder / "model.gguf").write_bytes(b"GGUF")
        return {"ftype": "Q4_K_M", "digest": "d" * 64}

    return pod.store.once("gguf", Stage("convert", 1), {}, fill)


def waiting(pod: Pod) -> threading.Thread:
    thread = threading.Thread(target=handover.await_base, args=(pod, 0.05), daemon=True)
    thread.start()
    return thread


def test_it_fetches_the_base_once_another_pod_has_pushed_it(
    make_pod: MakePod, tmp_path: Path
) -> None:
    depot = {"store_url": str(tmp_path / "depot")}
    gpu, cpu = make_pod("gpu", **depot), make_pod("cpu", **depot)
    told = Told()
    thread = waiting(Pod(cpu.settings, cpu.workspace, told))
    while not told.lines:
        time.sleep(0.02)

    handover.push(gpu, {"base": {"gguf": base_of(gpu)}})
    thread.join()

    assert cpu.workspace.base_gguf(cpu.settings).read_bytes() == b"GGUF"
    assert len(told.lines) == 1, told.lines  # one sentence, however often it looked
    assert "base is not in the depot" in told.lines[0]


def test_without_a_depot_it_waits_for_the_file(make_pod: MakePod) -> None:
    pod = make_pod("cpu")
    thread = waiting(pod)
    time.sleep(0.2)
    assert thread.is_alive()

    pod.workspace.base_gguf(pod.settings).write_bytes(b"GGUF")
    thread.join()  # for ever, if it does not look again


def test_a_base_that_is_there_is_not_asked_for(make_pod: MakePod) -> None:
    pod = make_pod("cpu", store_url="sftp://nobody@127.0.0.1:1/nowhere")
    pod.workspace.base_gguf(pod.settings).write_bytes(b"GGUF")

    handover.await_base(pod)
