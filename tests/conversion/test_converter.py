"""The converter's real child: what becomes of its errors, its prints and its death."""

import shutil
from pathlib import Path

import pytest
from both_engines import LLAMA_CPP_DIR

from lamina.conversion.convert import write_gguf
from lamina.conversion.converter import SCRIPTS, Converter
from lamina.conversion.jobs import Script
from lamina.errors import DamagedError, InvalidInputError, ResourceError
from lamina.passport import BaseIdentity

JOB = Script(script="convert_hf_to_gguf.py", arguments=(), name="a model", metadata={})


def scripts(folder: Path, text: str) -> Path:
    """A llama.cpp folder whose converters do as told."""
    for name in SCRIPTS:
        (folder / name).write_text(text)
    (folder / "gguf-py").symlink_to(LLAMA_CPP_DIR / "gguf-py")
    return folder


def test_a_converter_that_is_killed_ends_in_one_sentence(tmp_path: Path) -> None:
    folder = scripts(tmp_path, "import os; os.kill(os.getpid(), 9)")

    with (
        Converter(folder, tmp_path / "log") as converter,
        pytest.raises(ResourceError, match="signal 9; memory may be short"),
    ):
        converter.run(JOB)


def test_a_failing_script_names_the_model_and_the_log(tmp_path: Path) -> None:
    folder = scripts(tmp_path, "raise ValueError('no such tensor')")

    with (
        Converter(folder, tmp_path / "log") as converter,
        pytest.raises(DamagedError, match=r"a model cannot be converted.*no such tensor.*log"),
    ):
        converter.run(JOB)


def test_what_scripts_print_lands_in_the_log(tmp_path: Path) -> None:
    folder = scripts(tmp_path, "print('hello from the script')")

    with Converter(folder, tmp_path / "log") as converter:
        converter.run(JOB)
        converter.run(JOB)

    assert (tmp_path / "log").read_text().count("hello from the script") == 2


def test_without_a_job_no_child_is_started(tmp_path: Path) -> None:
    with Converter(tmp_path, tmp_path / "log"):
        pass

    assert not (tmp_path / "log").exists()


def test_models_that_cannot_be_converted_end_in_one_sentence_each(
    tmp_path: Path, base: Path, identity: BaseIdentity
) -> None:
    odd, cut = (shutil.copytree(base, tmp_path / name) for name in ("odd", "cut"))
    config = (odd / "config.json").read_text()
    (odd / "config.json").write_text(config.replace("MistralForCausalLM", "OddForCausalLM"))
    (cut / "model.safetensors").write_bytes(b"\0" * 100)
    target = tmp_path / "model.gguf"

    with Converter(LLAMA_CPP_DIR, tmp_path / "log") as converter:
        with pytest.raises(InvalidInputError, match="does not know the architecture of"):
            write_gguf(odd, identity, target, converter=converter, ftype="F16")
        with pytest.raises(DamagedError, match=rf"cannot be converted .*; see {tmp_path}/log"):
            write_gguf(cut, identity, target, converter=converter, ftype="F16")
