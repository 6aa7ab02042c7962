"""The owner's own guide, word for word, on the images: what it says works as it stands.

`docs/from-the-guide.md` lists each line with what it became.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from container import Container, Image

pytestmark = [
    pytest.mark.images,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.geteuid() != 0, reason="an image's file system is run as root"),
]
BASE = "/workspace/models/mistral-7b-instruct-v0.2.Q4_K_M.gguf"
LAYERS = ("leases", "goodwill")
STAGES = (
    "pdf_pretest", "build_dataset", "train_level1", "train_level2", "train_level3", "merge_level",
    "convert_to_gguf", "archive_pdfs", "train_all",
)  # fmt: skip
CHAT = {"messages": [{"role": "user", "content": "When is the deposit paid?"}], "max_tokens": 8}


@pytest.fixture(scope="module")
def volume_folder(volume: Callable[[str], Path]) -> Path:
    """The volume, with one more layer as a person carries it there: a PEFT folder, no manifest."""
    folder = volume("guide")
    carried = folder / "output" / "peft" / "ASC_Carried"
    carried.mkdir()
    source = folder / "output" / "peft" / LAYERS[0]
    for file in ("adapter_config.json", "adapter_model.safetensors"):
        shutil.copy(source / file, carried / file)
    return folder


@pytest.fixture(scope="module")
def pod(cpu_image: Image, volume_folder: Path) -> Iterator[Container]:
    """The CPU pod as the guide starts it: `/start.sh`, nothing else."""
    started = Container(
        cpu_image,
        volume_folder,
        environment={"MODEL_PATH": BASE, "TTYD_CREDENTIAL": "owner:open-sesame"},
    )
    try:
        started.until(lambda: started.status("http://localhost:5000/ready") == 200, "the server")
        yield started
    finally:
        started.close()


def post(pod: Container, *adapters: tuple[str, float]) -> dict[str, Any]:
    """The guide's `curl` on /lora-adapters, with folders as it names them."""
    order = {"adapters": [{"path": path, "scale": scale} for path, scale in adapters]}
    return dict(pod.ask("/lora-adapters", order))


def says(pod: Container, model: str = "local") -> str:
    body = CHAT | {"model": model, "temperature": 0}
    return str(pod.ask("/v1/chat/completions", body)["choices"][0]["message"]["content"])


@pytest.mark.parametrize("stage", STAGES)
def test_every_step_is_called_as_the_guide_calls_it(pod: Container, stage: str) -> None:
    told = pod.run("python", "/app/main.py", stage, "--help").stdout

    assert f"Usage: main.py {stage}" in told


def test_one_layer_at_full_strength(pod: Container) -> None:
    base = says(pod, "base")
    applied = post(pod, ("/workspace/output/peft/leases", 1.0))

    assert [one["name"] for one in applied["adapters"]] == ["leases"]
    assert says(pod) == says(pod, "leases") != base


def test_another_layer_takes_its_place(pod: Container) -> None:
    post(pod, ("/workspace/output/peft/leases", 1.0))
    post(pod, ("/workspace/output/peft/goodwill", 1.0))

    assert says(pod) == says(pod, "goodwill")


def test_two_layers_blended(pod: Container) -> None:
    post(pod, ("/workspace/output/peft/leases", 0.6), ("/workspace/output/peft/goodwill", 0.4))

    assert says(pod) == says(pod, "leases:0.6+goodwill:0.4")


def test_none_again(pod: Container) -> None:
    post(pod, ("/workspace/output/peft/leases", 1.0))
    post(pod)

    assert says(pod) == says(pod, "base")


def test_a_folder_that_was_carried_there_is_a_layer_like_any_other(
    pod: Container, volume_folder: Path
) -> None:
    carried = volume_folder / "output" / "peft" / "ASC_Carried"
    before = {path.name: path.read_bytes() for path in carried.iterdir()}
    post(pod, ("/workspace/output/peft/ASC_Carried", 1.0))

    assert says(pod) == says(pod, "leases")  # it is that layer's copy
    assert {path.name: path.read_bytes() for path in carried.iterdir()} == before


def test_the_short_path_to_the_layers_works_too(pod: Container) -> None:
    pod.run("ln", "-sfn", "/workspace/output/peft", "/workspace/peft")
    post(pod, ("/workspace/peft/goodwill", 1.0))

    assert says(pod) == says(pod, "goodwill")


def test_a_link_made_twice_disturbs_nothing(pod: Container) -> None:
    pod.run("ln", "-s", "/workspace/output/peft", "/workspace/peft")  # lands inside
    post(pod, ("/workspace/peft/leases", 1.0))

    assert says(pod) == says(pod, "leases")
    assert pod.run("lamina", "versions").returncode == 0


def test_a_layer_that_is_here_as_gguf_alone_goes_by_its_folders_path(
    pod: Container, volume_folder: Path
) -> None:
    """A pod that serves gets no PEFT folders."""
    view = volume_folder / "output" / "peft" / "goodwill"
    target = view.readlink()
    view.unlink()
    try:
        post(pod, ("/workspace/output/peft/goodwill", 1.0))
    finally:
        view.symlink_to(target)

    assert says(pod) == says(pod, "goodwill")


def test_a_name_that_is_nearly_a_layers_stays_an_error(pod: Container) -> None:
    reply = pod.ask("/v1/chat/completions", CHAT | {"model": "Leases"})

    assert "there is no model 'Leases'" in reply["error"]["message"]


def test_looks_at_the_headers_answer(pod: Container) -> None:
    chat = pod.curl("-I", "http://localhost:5000/v1/chat/completions")
    terminal = pod.curl("-I", "http://localhost:7681")
    let_in = pod.curl("-I", "--user", "owner:open-sesame", "http://localhost:7681")

    assert chat.startswith("HTTP/1.1 200")
    assert terminal.split()[1] == "401"
    assert let_in.split()[1] == "200"


@pytest.mark.parametrize("program", [["python", "-m", "lamina.serving"], ["lamina", "serve"]])
@pytest.mark.parametrize("applied", [True, False])
def test_a_layer_loaded_at_the_start(pod: Container, program: list[str], applied: bool) -> None:
    """`python -m llama_cpp.server --lora FOLDER`, beside the pod's own server."""
    more = [] if applied else ["--lora-init-without-apply"]
    command = [
        *program, "--model", BASE, "--lora", "/workspace/output/peft/leases", *more,
        "--host", "127.0.0.1", "--port", "5001",
    ]  # fmt: skip
    words = " ".join(command)
    pod.run("/bin/sh", "-c", f"{words} >/tmp/static.log 2>&1 & echo $! >/tmp/static.pid")
    url = "http://localhost:5001"
    try:
        pod.until(lambda: pod.status(f"{url}/ready") == 200, "the second server")
        known = {one["name"]: one["scale"] for one in json.loads(pod.curl(f"{url}/lora-adapters"))}
    finally:
        pod.run("/bin/sh", "-c", "kill $(cat /tmp/static.pid)")
        pod.until(lambda: pod.status(f"{url}/ready") == 0, "its end")

    assert known["leases"] == (1.0 if applied else 0.0)


def test_context_and_threads_are_the_guides_and_may_be_set(pod: Container) -> None:
    set_to = ["env", "-u", "N_THREADS", "lamina", "settings", "--json"]
    plain = json.loads(pod.run(*set_to).stdout)
    named = json.loads(pod.run("env", "N_CTX=512", "N_THREADS=3", *set_to[3:]).stdout)
    cores = len(os.sched_getaffinity(0))

    assert (plain["n_ctx"]["value"], plain["n_threads"]["value"]) == (2048, cores)
    assert (named["n_ctx"]["value"], named["n_threads"]["value"]) == (512, 3)
