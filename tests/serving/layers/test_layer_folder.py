"""Layer files that come, change or cannot be used while the server runs."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import tiny_gguf

Say = Callable[..., str]


def test_a_layer_dropped_into_the_folder_is_known_at_once(
    http: httpx.Client, say: Say, base_gguf: Path, tmp_path: Path
) -> None:
    folder = http.get("/lora-adapters").json()[0]["path"].rpartition("/")[0]
    new = tiny_gguf.write_layer(tmp_path / "New.gguf", base_gguf, seed=99)
    (tmp_path / "New.gguf").rename(f"{folder}/{new.name}")

    assert say("New") != say("base")


def test_a_replaced_file_answers_as_its_new_version(
    http: httpx.Client, say: Say, base_gguf: Path, tmp_path: Path
) -> None:
    folder = http.get("/lora-adapters").json()[0]["path"].rpartition("/")[0]
    first = tiny_gguf.write_layer(tmp_path / "V.gguf", base_gguf, seed=51)
    first.rename(f"{folder}/V.gguf")
    before = say("V")
    second = tiny_gguf.write_layer(tmp_path / "V.gguf", base_gguf, seed=52)
    second.rename(f"{folder}/V.gguf")

    assert say("V") != before


def test_a_damaged_layer_is_listed_with_its_problem_and_refused(http: httpx.Client) -> None:
    folder = http.get("/lora-adapters").json()[0]["path"].rpartition("/")[0]
    with open(f"{folder}/Broken.gguf", "wb") as file:  # noqa: PTH123 - a path from the server
        file.write(b"GGUF\x03\x00\x00\x00" + b"\xff" * 64)
    shown = {layer["name"]: layer["problem"] for layer in http.get("/lora-adapters").json()}

    assert "damaged" in shown["Broken"] or "no sound GGUF" in shown["Broken"]
    assert http.post("/lora-adapters", json=[{"name": "Broken"}]).status_code == 422


def test_a_layer_for_another_base_is_a_conflict(http: httpx.Client, tmp_path: Path) -> None:
    folder = http.get("/lora-adapters").json()[0]["path"].rpartition("/")[0]
    other = tiny_gguf.write_base(tmp_path / "other.gguf", seed=2)
    tiny_gguf.write_layer(tmp_path / "Foreign.gguf", other, seed=5).rename(f"{folder}/Foreign.gguf")

    assert http.post("/v1/completions", json={"model": "Foreign", "prompt": "a"}).status_code == 409


def test_a_peft_folder_without_gguf_form_names_the_command_that_makes_it(
    http: httpx.Client,
) -> None:
    folder = http.get("/lora-adapters").json()[0]["path"].rpartition("/")[0]
    subprocess.run(["mkdir", "-p", f"{folder}/peft_x"], check=True)  # noqa: S607
    subprocess.run(["touch", f"{folder}/peft_x/adapter_config.json"], check=True)  # noqa: S607
    reply = http.post("/lora-adapters", json={"adapters": [{"path": f"{folder}/peft_x"}]})

    assert reply.status_code == 404
    assert "lamina export_layers" in reply.json()["error"]["message"]


def test_the_default_goes_on_with_a_replaced_files_new_version(
    http: httpx.Client, say: Say, base_gguf: Path, tmp_path: Path
) -> None:
    folder = http.get("/lora-adapters").json()[0]["path"].rpartition("/")[0]
    tiny_gguf.write_layer(tmp_path / "D.gguf", base_gguf, seed=61).rename(f"{folder}/D.gguf")
    http.post("/lora-adapters", json=[{"name": "D"}])
    before = say()
    tiny_gguf.write_layer(tmp_path / "D.gguf", base_gguf, seed=62).rename(f"{folder}/D.gguf")

    assert before != say() == say("D")


def test_a_default_whose_layer_went_is_an_error(
    http: httpx.Client, base_gguf: Path, tmp_path: Path
) -> None:
    folder = http.get("/lora-adapters").json()[0]["path"].rpartition("/")[0]
    tiny_gguf.write_layer(tmp_path / "Gone.gguf", base_gguf, seed=63).rename(f"{folder}/Gone.gguf")
    http.post("/lora-adapters", json=[{"name": "Gone"}])
    Path(f"{folder}/Gone.gguf").unlink()
    reply = http.post("/v1/completions", json={"prompt": "the"})

    assert reply.status_code == 404
    assert "default names layer Gone" in reply.json()["error"]["message"]


def test_a_link_in_the_folder_is_served_by_its_path_and_one_beside_it_is_not(
    http: httpx.Client, base_gguf: Path, tmp_path: Path
) -> None:
    folder = http.get("/lora-adapters").json()[0]["path"].rpartition("/")[0]
    stored = tiny_gguf.write_layer(tmp_path / "Stored.gguf", base_gguf, seed=64)
    Path(f"{folder}/Linked.gguf").symlink_to(stored)
    orders = [[{"path": path}] for path in ("Linked.gguf", f"{folder}/Linked.gguf", str(stored))]

    assert [http.post("/lora-adapters", json=order).status_code for order in orders] == [
        200,
        200,
        400,
    ]


def test_a_file_that_is_still_being_copied_is_not_served(
    http: httpx.Client, say: Say, base_gguf: Path, tmp_path: Path
) -> None:
    folder = http.get("/lora-adapters").json()[0]["path"].rpartition("/")[0]
    raw = tiny_gguf.write_layer(tmp_path / "Slow.gguf", base_gguf, seed=65).read_bytes()
    codes = []
    with Path(f"{folder}/Slow.gguf").open("wb", buffering=0) as copy:
        for start in range(0, len(raw), len(raw) // 4 + 1):
            body = {"model": "Slow", "prompt": "the", "max_tokens": 1}
            codes.append(http.post("/v1/completions", json=body).status_code)
            copy.write(raw[start : start + len(raw) // 4 + 1])

    assert {404, 422} >= set(codes)
    assert say("Slow") != say("base")
