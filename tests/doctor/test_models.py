"""The base in its two forms, and the layers beside it."""

import shutil
from pathlib import Path

from examined import examined
from tiny_gguf import write_base, write_layer

from lamina.doctor import models
from lamina.errors import DamagedError, NotFoundError
from lamina.passport import BaseIdentity
from lamina.settings import Settings
from lamina.workspace import EMBEDDED_BASE, Workspace


def identity(fingerprint: str = "f", layers: tuple[str, ...] = ()) -> BaseIdentity:
    return BaseIdentity(
        name="tiny", digest="d" * 64, fingerprint=fingerprint, architecture="llama", layers=layers
    )


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
