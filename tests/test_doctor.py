import json
import os
import shutil
import socket
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "assessment"))  # their builders serve here, too
sys.path.insert(0, str(Path(__file__).parent / "serving"))

from fake_layer_server import FakeLayerServer
from tiny_gguf import write_base, write_layer

from lamina.doctor import Finding, environment, examine, models, services, storage
from lamina.errors import DamagedError, NotFoundError
from lamina.passport import BaseIdentity
from lamina.settings import Settings, load
from lamina.workspace import EMBEDDED_BASE, Workspace

GIB = 2**30


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return load(workspace=tmp_path / "workspace", base_model=tmp_path / "no_base", port=port)


def examined(settings: Settings) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine(settings, Workspace(settings))}


def identity(fingerprint: str = "f", layers: tuple[str, ...] = ()) -> BaseIdentity:
    return BaseIdentity(
        name="tiny", digest="d" * 64, fingerprint=fingerprint, architecture="llama", layers=layers
    )


# -- environment ----------------------------------------------------------------------------------


def test_an_old_python_is_a_problem() -> None:
    assert environment.python((3, 10, 9)).level == "problem"
    assert environment.python((3, 11, 0)).level == "ok"


def test_requirements_are_grouped_by_extra() -> None:
    declared = ["httpx", "prefect==3.8.8", 'torch==2.13.0; extra == "train"', "ruff; extra=='dev'"]

    groups = environment.requirements(declared)

    assert groups[""] == {"httpx": None, "prefect": "3.8.8"}
    assert groups["train"] == {"torch": "2.13.0"}
    assert "dev" not in groups


def test_a_missing_package_names_the_extra_that_brings_it() -> None:
    finding = environment.packages("train", {"torch": "2.13.0"}, lambda _: None)

    assert finding.level == "warning"
    assert "torch" in finding.sentence
    assert "lamina[train]" in finding.remedy


def test_a_package_missing_from_the_core_is_a_problem() -> None:
    assert environment.packages("", {"httpx": None}, lambda _: None).level == "problem"


def test_another_version_than_the_pinned_one_is_a_warning() -> None:
    finding = environment.packages("train", {"torch": "2.13.0"}, lambda _: "2.12.1")

    assert finding.level == "warning"
    assert "torch 2.12.1 instead of 2.13.0" in finding.sentence


def test_a_local_build_of_the_pinned_version_is_well() -> None:
    finding = environment.packages("train", {"torch": "2.13.0"}, lambda _: "2.13.0+cpu")

    assert finding.level == "ok"


def test_missing_converters_are_named(tmp_path: Path) -> None:
    (tmp_path / "convert_hf_to_gguf.py").touch()

    finding = environment.converters(tmp_path)

    assert finding.level == "warning"
    assert "convert_lora_to_gguf.py" in finding.sentence
    assert "convert_hf_to_gguf.py," not in finding.sentence
    assert "LAMINA_LLAMA_CPP_DIR" in finding.remedy


@pytest.mark.parametrize(
    ("device", "outcome", "level"),
    [
        (False, None, "ok"),
        (True, None, "warning"),
        (True, (0, "none"), "problem"),
        (True, (1, "ImportError"), "problem"),
        (True, (0, "H200"), "ok"),
    ],
)
def test_what_is_said_of_the_gpu(device: bool, outcome: tuple[int, str] | None, level: str) -> None:
    assert environment.gpu(device, outcome).level == level


def test_a_library_that_does_not_load_is_a_problem() -> None:
    finding = environment.native_library((1, "OSError: libllama.so"))

    assert finding is not None
    assert finding.level == "problem"
    assert "libllama.so" in finding.sentence


# -- storage --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("free_bytes", "base_bytes", "level"),
    [(GIB // 4, 0, "problem"), (GIB, 14 * GIB, "warning"), (36 * GIB, 14 * GIB, "ok")],
)
def test_the_disk_must_hold_what_the_base_makes(
    free_bytes: int, base_bytes: int, level: str
) -> None:
    assert storage.disk(free_bytes, base_bytes).level == level


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_workspace_without_permission_is_a_problem(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    found = storage.examine_storage(tmp_path / "workspace", tmp_path / "base")
    tmp_path.chmod(0o700)

    assert found[0].level == "problem"


def test_a_workspace_under_a_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    found = storage.examine_storage(tmp_path / "file" / "workspace", tmp_path / "base")

    assert found[0].level == "problem"
    assert "LAMINA_WORKSPACE" in found[0].remedy


# -- models ---------------------------------------------------------------------------------------


def test_the_embedded_base_is_recognised(settings: Settings) -> None:
    chosen = settings.model_copy(update={"base_model": Path("tiny")})

    found = examined(chosen)

    assert found["base"].level == "ok"
    assert "tiny_base" in found["base"].sentence
    assert found["base GGUF"].level == "warning"
    assert "convert_to_gguf" in found["base GGUF"].remedy


def test_an_incomplete_base_is_a_problem_that_names_the_file(
    settings: Settings, tmp_path: Path
) -> None:
    shutil.copytree(EMBEDDED_BASE, tmp_path / "no_base")
    (tmp_path / "no_base" / "tokenizer.json").unlink()

    found = examined(settings)

    assert found["base"].level == "problem"
    assert "tokenizer.json is missing" in found["base"].sentence


def test_no_base_at_all_is_a_problem_with_the_remedy(settings: Settings) -> None:
    found = examined(settings)

    assert found["base"].level == "problem"
    assert "LAMINA_BASE_MODEL" in found["base"].remedy
    assert found["base GGUF"].level == "problem"
    assert "MODEL_PATH" in found["base GGUF"].remedy


def test_a_gguf_of_another_model_is_a_problem(settings: Settings, tmp_path: Path) -> None:
    path = write_base(tmp_path / "foreign.gguf")
    chosen = settings.model_copy(update={"base_model": Path("tiny"), "model_path": path})

    found = examined(chosen)

    assert found["base GGUF"].level == "problem"
    assert "another model than the base tiny_base" in found["base GGUF"].sentence


def test_a_damaged_gguf_is_a_problem(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(write_base(tmp_path / "whole.gguf").read_bytes()[:1000])

    found = examined(settings.model_copy(update={"model_path": path}))

    assert found["base GGUF"].level == "problem"
    assert "cut short" in found["base GGUF"].sentence


def test_a_pod_that_only_serves_needs_no_hugging_face_form(
    settings: Settings, tmp_path: Path
) -> None:
    path = write_base(tmp_path / "base.gguf")

    found = examined(settings.model_copy(update={"model_path": path}))

    assert found["base"].level == "ok"
    assert found["base GGUF"].level == "ok"


def test_a_gguf_of_the_base_is_well() -> None:
    assert models.base_gguf(identity(), identity(), Path("x.gguf")).level == "ok"


def test_a_base_with_layers_in_it_is_a_problem() -> None:
    assert models.base(identity(layers=("A",)), identity(), there=True).level == "problem"
    assert models.base_gguf(identity(layers=("A",)), identity(), Path("x")).level == "warning"


def test_errors_are_split_into_sentence_and_remedy() -> None:
    finding = models.base(NotFoundError("it is gone; bring it back"), identity(), there=True)

    assert (finding.sentence, finding.remedy) == ("it is gone", "bring it back")
    assert models.base_gguf(DamagedError("cut; copy"), identity(), Path("x")).level == "problem"


def test_layers_are_held_against_the_base(settings: Settings, tmp_path: Path) -> None:
    base = write_base(tmp_path / "base.gguf")
    chosen = settings.model_copy(update={"model_path": base})
    adapters = Workspace(chosen).make().adapters_gguf
    write_layer(adapters / "Leases.gguf", base, seed=1)
    write_layer(adapters / "Goodwill.gguf", base, seed=2)
    write_layer(adapters / "Stranger.gguf", write_base(tmp_path / "b.gguf", seed=7), seed=3)
    write_layer(adapters / "Unknown.gguf", base, seed=4, passport=None)
    (adapters / "Broken.gguf").write_bytes(b"GGUF")

    found = examined(chosen)

    assert found["layers GGUF"].sentence == "2 layers made for this base"
    assert found["layer adapters_gguf/Stranger.gguf"].level == "problem"
    assert "made for the base" in found["layer adapters_gguf/Stranger.gguf"].sentence
    assert found["layer adapters_gguf/Unknown.gguf"].level == "warning"
    assert found["layer adapters_gguf/Broken.gguf"].level == "problem"


def test_peft_folders_are_held_against_the_base(settings: Settings, tmp_path: Path) -> None:
    base = write_base(tmp_path / "base.gguf")
    chosen = settings.model_copy(update={"model_path": base})
    folder = Workspace(chosen).make().adapters_peft / "Leases"
    folder.mkdir()
    (folder / "manifest.json").write_text("{")

    found = examined(chosen)

    assert found["layer peft/Leases"].level == "problem"
    assert "cannot be read" in found["layer peft/Leases"].sentence


# -- services -------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[FakeLayerServer]:
    with FakeLayerServer(layers={"Leases": "1" * 64}).running() as fake:
        yield fake


@pytest.fixture
def stranger() -> Iterator[str]:
    """A web server that is not Lamina's."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Keep the tests' output clean."""

        def do_GET(self) -> None:
            self.send_error(404)

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=web.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{web.server_port}"
    web.shutdown()
    thread.join()
    web.server_close()


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def test_a_free_port_and_no_server_are_well(settings: Settings) -> None:
    found = examined(settings)

    assert found["port"].level == "ok"
    assert found["server"].level == "ok"
    assert "lamina serve" in found["server"].sentence


def test_our_own_server_may_hold_the_port(settings: Settings, server: FakeLayerServer) -> None:
    found = examined(settings.model_copy(update={"port": port_of(server.url)}))

    assert found["port"].level == "ok"
    assert found["server"].level == "ok"
    assert found["served layers"].sentence == "the server lists 1"


def test_another_program_on_the_port_is_a_problem(settings: Settings, stranger: str) -> None:
    found = examined(settings.model_copy(update={"port": port_of(stranger)}))

    assert found["port"].level == "problem"
    assert "LAMINA_PORT" in found["port"].remedy
    assert found["server"].level == "problem"


def test_a_server_that_was_named_must_answer(settings: Settings) -> None:
    away = f"http://127.0.0.1:{settings.port}"

    found = examined(settings.model_copy(update={"server_url": away}))

    assert found["server"].level == "problem"
    assert "LAMINA_SERVER_URL" in found["server"].remedy


def test_a_server_that_still_loads_is_a_warning() -> None:
    healthy, loading = services.Heard(200, {"status": "ok"}), services.Heard(503, {})

    assert services.server("http://x", healthy, loading, wanted=True).level == "warning"


def test_layers_that_the_server_does_not_list_are_named(
    settings: Settings, server: FakeLayerServer
) -> None:
    chosen = settings.model_copy(update={"server_url": server.url})
    (Workspace(chosen).make().adapters_gguf / "Fresh.gguf").touch()

    found = examined(chosen)

    assert found["served layers"].level == "warning"
    assert "Fresh" in found["served layers"].sentence


def test_a_layer_that_the_server_cannot_use_is_a_problem() -> None:
    listed = services.Heard(200, [{"name": "A", "problem": "made for another base"}])

    finding = services.served_layers(listed, {})

    assert finding is not None
    assert finding.level == "problem"
    assert "made for another base" in finding.sentence


def test_prefect_is_asked_where_it_is_named(
    settings: Settings, server: FakeLayerServer, stranger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert examined(settings)["prefect"].level == "ok"

    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{settings.port}/api")
    assert examined(settings)["prefect"].level == "problem"

    monkeypatch.setenv("PREFECT_API_URL", f"{stranger}/api")
    assert "status 404" in examined(settings)["prefect"].sentence

    monkeypatch.setenv("PREFECT_API_URL", server.url)
    assert examined(settings)["prefect"].level == "ok"


# -- the whole ------------------------------------------------------------------------------------


def test_an_examination_leaves_nothing_behind(settings: Settings, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))

    examine(settings, Workspace(settings))

    assert sorted(tmp_path.rglob("*")) == before


def test_findings_are_plain_json_and_problems_carry_a_remedy(settings: Settings) -> None:
    found = examine(settings, Workspace(settings))

    assert json.loads(json.dumps([finding.model_dump(mode="json") for finding in found]))
    assert all(finding.remedy for finding in found if finding.level != "ok")
