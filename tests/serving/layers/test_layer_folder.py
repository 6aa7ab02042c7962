"""Layer files that come, change or cannot be used while the server runs."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import tiny_gguf
from folders import write_folder

Say = Callable[..., str]
Put = Callable[..., Path]


@pytest.fixture
def folder(served_folder: Path) -> Iterator[Path]:
    """The shared server's folder, which is afterwards as it was."""
    before = set(served_folder.iterdir())
    yield served_folder
    for path in set(served_folder.iterdir()) - before:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.fixture
def put(folder: Path, base_gguf: Path, tmp_path: Path) -> Put:
    """Write a layer elsewhere and move it into the folder, whole."""

    def layer(name: str, seed: int, base: Path = base_gguf) -> Path:
        written = tiny_gguf.write_layer(tmp_path / f"{name}.gguf", base, seed=seed)
        return written.rename(folder / written.name)

    return layer


def test_a_layer_dropped_into_the_folder_is_known_at_once(say: Say, put: Put) -> None:
    put("New", seed=99)

    assert say("New") != say("base")


def test_a_replaced_file_answers_as_its_new_version(say: Say, put: Put) -> None:
    put("V", seed=51)
    before = say("V")
    put("V", seed=52)

    assert say("V") != before


def test_a_damaged_layer_is_listed_with_its_problem_and_refused(
    http: httpx.Client, folder: Path
) -> None:
    (folder / "Broken.gguf").write_bytes(b"GGUF\x03\x00\x00\x00" + b"\xff" * 64)
    shown = {layer["name"]: layer["problem"] for layer in http.get("/lora-adapters").json()}

    assert "damaged" in shown["Broken"] or "no sound GGUF" in shown["Broken"]
    assert http.post("/lora-adapters", json=[{"name": "Broken"}]).status_code == 422


def test_a_layer_for_another_base_is_a_conflict(
    http: httpx.Client, put: Put, tmp_path: Path
) -> None:
    put("Foreign", seed=5, base=tiny_gguf.write_base(tmp_path / "other.gguf", seed=2))

    assert http.post("/v1/completions", json={"model": "Foreign", "prompt": "a"}).status_code == 409


def test_a_peft_folder_of_another_tool_answers_under_its_own_name(
    http: httpx.Client, say: Say, folder: Path
) -> None:
    write_folder(folder / "Carried", seed=70)
    order = {"adapters": [{"path": f"{folder}/Carried", "scale": 1.0}]}
    reply = http.post("/lora-adapters", json=order)
    shown = {layer["name"]: layer for layer in http.get("/lora-adapters").json()}

    assert reply.status_code == 200, reply.text
    assert say("base") != say() == say("Carried")
    assert shown["Carried"]["path"] == f"{folder}/Carried"


def test_a_peft_folder_that_is_trained_on_answers_as_its_new_version(
    http: httpx.Client, say: Say, folder: Path
) -> None:
    answers = []
    for seed in (71, 72):
        write_folder(folder / "Going", seed=seed)
        http.post("/lora-adapters", json=[{"path": f"{folder}/Going"}]).raise_for_status()
        answers.append(say("Going"))

    assert answers[0] != answers[1]


def test_a_peft_folder_may_not_take_another_layers_name(http: httpx.Client, folder: Path) -> None:
    write_folder(folder / "carried" / "A", seed=73)
    reply = http.post("/lora-adapters", json=[{"path": f"{folder}/carried/A"}])

    assert reply.status_code == 409
    assert "already called A" in reply.json()["error"]["message"]


def test_a_peft_folder_that_gguf_cannot_carry_is_refused_and_changes_nothing(
    http: httpx.Client, say: Say, folder: Path
) -> None:
    write_folder(folder / "Dora", use_dora=True)
    http.post("/lora-adapters", json=[{"name": "B"}])
    reply = http.post("/lora-adapters", json=[{"path": f"{folder}/Dora"}])

    assert reply.status_code == 400
    assert "use_dora" in reply.json()["error"]["message"]
    assert say("B") == say()


def test_a_peft_folder_outside_the_allowed_folders_is_refused(
    http: httpx.Client, tmp_path: Path
) -> None:
    write_folder(tmp_path / "Outside")

    assert http.post("/lora-adapters", json=[{"path": f"{tmp_path}/Outside"}]).status_code == 400


def test_the_default_goes_on_with_a_replaced_files_new_version(
    http: httpx.Client, say: Say, put: Put
) -> None:
    put("D", seed=61)
    http.post("/lora-adapters", json=[{"name": "D"}])
    before = say()
    put("D", seed=62)

    assert before != say() == say("D")


def test_a_default_whose_layer_went_is_an_error(http: httpx.Client, put: Put) -> None:
    gone = put("Gone", seed=63)
    http.post("/lora-adapters", json=[{"name": "Gone"}])
    gone.unlink()
    reply = http.post("/v1/completions", json={"prompt": "the"})

    assert reply.status_code == 404
    assert "default names layer Gone" in reply.json()["error"]["message"]


def test_a_link_in_the_folder_is_served_by_its_path_and_one_beside_it_is_not(
    http: httpx.Client, folder: Path, base_gguf: Path, tmp_path: Path
) -> None:
    stored = tiny_gguf.write_layer(tmp_path / "Stored.gguf", base_gguf, seed=64)
    (folder / "Linked.gguf").symlink_to(stored)
    paths = ("Linked.gguf", f"{folder}/Linked.gguf", str(stored))
    codes = [http.post("/lora-adapters", json=[{"path": path}]).status_code for path in paths]

    assert codes == [200, 200, 400]


def test_a_file_that_is_still_being_copied_is_not_served(
    http: httpx.Client, say: Say, folder: Path, base_gguf: Path, tmp_path: Path
) -> None:
    raw = tiny_gguf.write_layer(tmp_path / "Slow.gguf", base_gguf, seed=65).read_bytes()
    codes = []
    with (folder / "Slow.gguf").open("wb", buffering=0) as copy:
        for start in range(0, len(raw), len(raw) // 4 + 1):
            body = {"model": "Slow", "prompt": "the", "max_tokens": 1}
            codes.append(http.post("/v1/completions", json=body).status_code)
            copy.write(raw[start : start + len(raw) // 4 + 1])

    assert {404, 422} >= set(codes)
    assert say("Slow") != say("base")
