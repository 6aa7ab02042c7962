"""The wheel of llama-cpp-python: a ready-made one, one that an earlier set-up built, or a new one.

A wheel is kept under all that it was built from: version, platform, flags, and what the compiler
makes of `-march=native` on this processor. So it never meets a machine it was not built for, unless
it is a ready-made one: those are whatever LAMINA_WHEELS names.
"""

import hashlib
import json
import os
import platform
import re
import shlex
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping
from pathlib import Path

import shelf

NAME = "llama_cpp_python"
OPTIONS = Path(__file__).with_name("llama.cmake")
FLAGS = ("CFLAGS", "CXXFLAGS", "LDFLAGS", "CMAKE_ARGS")
STEP = re.compile(r"\s*\[\s*(\d+)/(\d+)\]")  # ninja's

Run = Callable[..., None]
"""run(command, each_line=..., environment=...), an error where the command fails."""


class SetupError(Exception):
    """One sentence for the person who sets up: what, which, what to do now."""


def flags(environment: Mapping[str, str]) -> dict[str, str]:
    """What the build is told through its environment."""
    return {name: environment[name] for name in FLAGS if name in environment}


def target(environment: Mapping[str, str]) -> str:
    """The compiler, with its version, and every instruction set that it would use here."""
    compiler = shlex.split(environment.get("CXX") or "c++")
    for native in (["-march=native"], ["-mcpu=native"], []):
        command = [*compiler, *native, "-dM", "-E", "-x", "c++", os.devnull]
        try:
            said = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            return "no compiler"
        if said.returncode == 0:
            return "\n".join(sorted(said.stdout.splitlines()))
    return "a compiler that says nothing of itself"


def key(version: str, environment: Mapping[str, str]) -> str:
    """Names a wheel by what it is built from and for; where the clone lies does not matter."""
    built_from = {
        "version": version,
        "platform": [sysconfig.get_platform(), sys.implementation.cache_tag, *platform.libc_ver()],
        "flags": flags(environment),
        "options": OPTIONS.read_text(),
        "target": target(environment),
    }
    digest = hashlib.sha256(json.dumps(built_from, sort_keys=True).encode()).hexdigest()
    return f"{NAME}-{version}-{sys.implementation.cache_tag}-{platform.machine()}-{digest[:12]}"


class LlamaWheel:
    """llama-cpp-python of one version; `doing` tells at any time what is being done for it."""

    def __init__(
        self, version: str, cache: Path, run: Run, environment: Mapping[str, str] = os.environ
    ) -> None:
        self.version = version
        self.cache = cache
        self.run = run
        self.environment = environment
        self.ready_made = environment.get("LAMINA_WHEELS", "")
        self.doing = "looked for"

    @property
    def origin(self) -> str:
        """What the wheel comes from: while it is the same, so is the wheel."""
        own = key(self.version, self.environment)
        return f"{self.ready_made} {own}" if self.ready_made else own

    def obtain(self, aside: Path) -> Path:
        """The wheel, wherever it comes from; `aside`: an empty folder for one that is not kept."""
        found = self._ready_made(aside) if self.ready_made else None
        if found is None:
            kept = self.cache / "wheels" / key(self.version, self.environment)
            found = shelf.cached(kept, self._build)
        self.sdist()  # fetched beside the other packages, if the wheel came without it
        self.doing = "ready"
        return found

    def sdist(self) -> Path:
        """The source distribution, which also holds the GGUF converters."""

        def download(folder: Path) -> Path:
            self.doing = "its source is fetched (77 MB)"
            self._pip("download", "--no-binary", NAME, "--dest", str(folder))
            return _only(folder, "*.tar.gz")

        return shelf.cached(self.cache / "sources" / f"{NAME}-{self.version}", download)

    def _ready_made(self, folder: Path) -> Path | None:
        self.doing = f"looked for in {self.ready_made}"
        options = ["--only-binary", ":all:", "--dest", str(folder), *places(self.ready_made)]
        if "://" not in self.ready_made:
            options.append("--no-index")
        try:
            self._pip("download", *options)
        except subprocess.CalledProcessError:
            print(f"setup: no {NAME} {self.version} for this machine in {self.ready_made}")
            return None
        return _only(folder, "*.whl")

    def _build(self, folder: Path) -> Path:
        sdist = self.sdist()
        if target(self.environment) == "no compiler":
            raise SetupError(
                "Lamina builds llama.cpp and finds no C++ compiler; install one (g++), or name a "
                "folder or an index with a ready-made wheel in LAMINA_WHEELS"
            )
        self.doing = "its build is prepared"
        include = f"-DCMAKE_PROJECT_llama_cpp_INCLUDE={shlex.quote(str(OPTIONS.resolve()))}"
        own = flags(self.environment)
        environment = {
            **self.environment, **own,
            "CMAKE_ARGS": f"{include} {own.get('CMAKE_ARGS', '')}",
        }  # fmt: skip
        environment.setdefault("CMAKE_BUILD_PARALLEL_LEVEL", str(os.cpu_count()))
        # pip's own cache knows nothing of flags and processors.
        options = ["--verbose", "--no-deps", "--no-cache-dir", "--wheel-dir", str(folder)]
        self.run(pip("wheel", *options, str(sdist)), self._step, environment)
        return _only(folder, "*.whl")

    def _step(self, line: str) -> None:
        if step := STEP.match(line):
            self.doing = f"{step[1]} of {step[2]} steps of its build"

    def _pip(self, command: str, *options: str) -> None:
        wanted = f"{NAME}=={self.version}"
        self.run(pip(command, "--no-deps", *options, wanted), environment=self.environment)


def places(ready_made: str) -> list[str]:
    """What tells pip of a folder of wheels or an index of them; nothing for none."""
    if not ready_made:
        return []
    if "://" in ready_made:
        return ["--extra-index-url", ready_made]
    if not Path(ready_made).is_dir():
        msg = f"LAMINA_WHEELS names {ready_made}, which is no folder; correct or unset it"
        raise SetupError(msg)
    return ["--find-links", ready_made]


def pip(*arguments: str) -> list[str]:
    """The command line of pip in the environment that runs this."""
    return [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]


def _only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found
