"""llama.cpp's wheel: built once for a machine, taken from the cache after that, or ready-made."""

import json
import os
import platform
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import llama_wheel
import pytest
import tiny_llama
from llama_wheel import LlamaWheel, SetupError
from programs import Programs


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A machine whose index holds the tiny source distribution and nothing else."""
    index = tmp_path / "index"
    index.mkdir()
    tiny_llama.sdist(index)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(index),
        "BUILDS": str(tmp_path / "builds"),
    }


class Listening(Programs):
    """Runs programs, and hears what the wheel says of itself at each of their lines."""

    def __init__(self, log: Path) -> None:
        super().__init__(log)
        self.heard: list[str] = []

    def run(self, command: list[str], each_line=None, environment=None) -> None:  # noqa: ANN001
        def listen(line: str) -> None:
            if each_line:
                each_line(line)
                self.heard.append(self.wheel.doing)

        super().run(command, listen, environment)


def obtain(environment: dict[str, str]) -> tuple[Path, list[str]]:
    """The wheel, and what was said of it meanwhile."""
    home = Path(environment["HOME"])
    (home / "aside").mkdir(exist_ok=True)
    programs = Listening(home / "log")
    wheel = LlamaWheel(tiny_llama.VERSION, home / "cache", programs.run, environment)
    programs.wheel = wheel
    return wheel.obtain(home / "aside"), programs.heard


def builds(environment: dict[str, str]) -> list[str]:
    record = Path(environment["BUILDS"])
    return record.read_text().splitlines() if record.exists() else []


def compiler(folder: Path, *macros: str) -> str:
    """A compiler that knows `macros`."""
    program = folder / "-".join(["c++", *macros])
    program.write_text("#!/bin/sh\n" + "".join(f"echo '#define {name} 1'\n" for name in macros))
    program.chmod(0o755)
    return str(program)


def test_a_wheel_is_built_once_and_again_where_the_kept_one_is_damaged(
    environment: dict[str, str],
) -> None:
    environment["CMAKE_ARGS"] = "-DGGML_CUDA=ON"
    built, said = obtain(environment)

    assert {"1 of 2 steps of its build", "2 of 2 steps of its build"} <= set(said)
    assert "llama.cmake -DGGML_CUDA=ON" in builds(environment)[0]

    (Path(environment["PIP_FIND_LINKS"]) / f"{tiny_llama.NAME}.tar.gz").unlink()
    assert obtain(environment) == (built, [])

    built.write_bytes(built.read_bytes()[:-1])
    again, _ = obtain(environment)

    assert zipfile.is_zipfile(again)
    assert len(builds(environment)) == 2


def test_a_ready_made_wheel_wins_over_the_cache_and_over_building(
    environment: dict[str, str], tmp_path: Path
) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    ready = tiny_llama.wheel(wheels, "ready-made")

    used, _ = obtain({**environment, "LAMINA_WHEELS": str(wheels)})

    assert used.read_bytes() == ready.read_bytes()
    assert builds(environment) == []


def test_where_no_ready_made_wheel_fits_one_is_built(
    environment: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()

    obtain({**environment, "LAMINA_WHEELS": str(wheels)})

    assert len(builds(environment)) == 1
    assert f"no llama_cpp_python 0.0.1 for this machine in {wheels}" in capsys.readouterr().out


def test_a_place_of_wheels_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(SetupError, match="LAMINA_WHEELS names /no/such, which is no folder"):
        llama_wheel.places("/no/such")


def test_an_index_of_wheels_is_asked_beside_the_usual_one() -> None:
    assert llama_wheel.places("https://wheels.test/cpu") == [
        "--extra-index-url", "https://wheels.test/cpu",
    ]  # fmt: skip


def test_without_a_compiler_the_remedies_are_named(environment: dict[str, str]) -> None:
    with pytest.raises(SetupError, match=r"install one \(g\+\+\), or name .* LAMINA_WHEELS"):
        obtain({**environment, "CXX": "/no/such/compiler"})


def test_a_wheel_is_kept_for_its_version_flags_compiler_and_processor(tmp_path: Path) -> None:
    plain = {"CXX": compiler(tmp_path, "__GNUC__", "__AVX2__")}
    machines = [
        ("1", plain),
        ("2", plain),
        ("1", {**plain, "CXXFLAGS": "-O2"}),
        ("1", {**plain, "CMAKE_ARGS": "-DGGML_CUDA=ON"}),
        ("1", {"CXX": compiler(tmp_path, "__GNUC__", "__AVX2__", "__AVX512F__")}),
        ("1", {"CXX": compiler(tmp_path, "__clang__", "__AVX2__")}),
    ]

    keys = [llama_wheel.key(version, machine) for version, machine in machines]

    assert len(set(keys)) == len(machines)
    assert keys[0] == llama_wheel.key("1", {**plain, "HOME": "/another/clone", "LANG": "C"})


def test_the_machines_own_compiler_tells_what_its_processor_can() -> None:
    said = llama_wheel.target(os.environ)

    assert "__VERSION__" in said
    assert said == llama_wheel.target(os.environ)


def test_what_amx_reads_is_written_before(tmp_path: Path) -> None:
    """Compiled only, for a processor that need not be here: constants stand in the assembly."""
    compiler = ["c++", "-march=sapphirerapids", "-O3"]
    known = subprocess.run([*compiler, "-E", "-x", "c++", os.devnull], check=False)
    if known.returncode:
        pytest.skip("this g++ does not know the processor")
    (fence,) = re.findall(r"\[=\[\n(.*?)\]=\]", llama_wheel.OPTIONS.read_text(), re.DOTALL)
    (tmp_path / "fence.h").write_text(fence)
    (tmp_path / "kernel.cpp").write_text("""
        #include <immintrin.h>
        void configured() {
            alignas(64) unsigned char shape[64] = {1};
            shape[55] = 99;
            _tile_loadconfig(shape);
        }
        void loaded() {
            unsigned char row[64] = {};
            row[63] = 77;
            _tile_loadd(2, row, 64);
        }
    """)

    command = [*compiler, "-include", "fence.h", "-S", "-o", "-", "kernel.cpp"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    assert re.search(r"\$99,.*ldtilecfg.*\$77,.*tileloadd", said, re.DOTALL)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the kernels are those of x86")
def test_kernels_of_repacked_weights_are_scheduled_early_and_no_others(tmp_path: Path) -> None:
    cmake = shutil.which("cmake")
    if cmake is None or not shutil.which("g++"):
        pytest.skip("cmake or g++ is not on the path; the build brings a cmake of its own")
    kernels = tmp_path / "ggml" / "ggml-cpu" / "arch" / "x86" / "repack.cpp"
    kernels.parent.mkdir(parents=True)
    for file in (kernels, tmp_path / "ggml" / "other.cpp"):
        file.touch()
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.21)\nproject(llama_cpp)\nadd_subdirectory(ggml)\n"
    )
    (tmp_path / "ggml" / "CMakeLists.txt").write_text(
        "add_library(ggml SHARED ggml-cpu/arch/x86/repack.cpp other.cpp)\n"
    )

    told = [f"CMAKE_PROJECT_llama_cpp_INCLUDE={llama_wheel.OPTIONS}", "CMAKE_CXX_COMPILER=g++"]
    flags = [f"-D{one}" for one in (*told, "CMAKE_EXPORT_COMPILE_COMMANDS=ON")]
    subprocess.run([cmake, *flags, "-B", "build"], cwd=tmp_path, check=True, capture_output=True)
    commands = json.loads((tmp_path / "build" / "compile_commands.json").read_text())

    assert [Path(one["file"]) for one in commands if "-fschedule-insns" in one["command"]] == [
        kernels
    ]
