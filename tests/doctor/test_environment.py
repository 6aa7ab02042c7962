"""Python, packages, converters, the GPU."""

from pathlib import Path

import pytest

from lamina.doctor import environment


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
