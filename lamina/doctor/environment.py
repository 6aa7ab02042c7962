"""Python, packages, converters, GPU. Nothing heavy is imported here: a child process tries it."""

import importlib.metadata
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lamina.doctor.finding import Finding, ok, problem, warning

MIN_PYTHON = (3, 11)
GROUPS = {"": "the core", "train": "training", "serve": "serving", "demo": "the demo"}
CONVERTERS = ("convert_hf_to_gguf.py", "convert_lora_to_gguf.py", "conversion", "gguf-py")
_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)\s*(?:==\s*(?P<pin>[\w.+-]+))?")
_EXTRA = re.compile(r"extra\s*==\s*['\"](?P<extra>\w+)['\"]")
_CHILD_LIMIT_S = 60.0


def python(version: tuple[int, int, int]) -> Finding:
    """The interpreter."""
    spelled = ".".join(map(str, version))
    if version[:2] < MIN_PYTHON:
        wanted = ".".join(map(str, MIN_PYTHON))
        return problem("python", f"Python is {spelled}", f"install Python {wanted} or newer")
    return ok("python", f"Python {spelled}")


def requirements(declared: Sequence[str]) -> dict[str, dict[str, str | None]]:
    """Package name -> pinned version or None, by extra; `""` is the core.

    Takes the lines of a distribution's `Requires-Dist`.
    """
    groups: dict[str, dict[str, str | None]] = {group: {} for group in GROUPS}
    for line in declared:
        spec, _, marker = line.partition(";")
        match, extra = _REQUIREMENT.match(spec.strip()), _EXTRA.search(marker)
        group = extra["extra"] if extra else ""
        if match and group in groups:
            groups[group][match["name"]] = match["pin"]
    return groups


def packages(
    group: str, wanted: Mapping[str, str | None], version_of: Callable[[str], str | None]
) -> Finding:
    """The packages of one group; only the core's absence is a problem on every pod."""
    name, purpose = f"packages {group or 'core'}", GROUPS[group]
    found = {package: version_of(package) for package in wanted}
    extra = f"lamina[{group}]" if group else "lamina"
    remedy = f"install them with `pip install '{extra}'`, or run `make setup`"
    missing = [package for package, version in found.items() if version is None]
    if missing:
        sentence = f"{purpose} lacks {', '.join(missing)}"
        return warning(name, sentence, remedy) if group else problem(name, sentence, remedy)
    odd = [
        f"{package} {found[package]} instead of {pin}"
        for package, pin in wanted.items()
        if pin and (found[package] or "").partition("+")[0] != pin
    ]
    if odd:
        return warning(name, f"{purpose} has {', '.join(odd)}", remedy)
    return ok(name, f"{purpose}: all {len(found)} packages")


def converters(folder: Path) -> Finding:
    """llama.cpp's GGUF converters, which only conversion and export need."""
    missing = [name for name in CONVERTERS if not (folder / name).exists()]
    if missing:
        return warning(
            "converters",
            f"llama.cpp's converters are not whole in {folder}: {', '.join(missing)} missing",
            "run `make setup`, or name a llama.cpp checkout with LAMINA_LLAMA_CPP_DIR",
        )
    return ok("converters", f"llama.cpp's converters in {folder}")


def native_library(outcome: tuple[int, str] | None) -> Finding | None:
    """Whether llama.cpp loads; None where it is not installed (`packages` says so)."""
    if outcome is None:
        return None
    code, said = outcome
    if code:
        return problem(
            "llama.cpp",
            f"llama-cpp-python is installed but does not load ({said})",
            "run `make setup` on this machine, so that it is built for this processor",
        )
    return ok("llama.cpp", f"llama-cpp-python {said} loads")


def gpu(device: bool, outcome: tuple[int, str] | None) -> Finding:
    """The GPU: whether the machine has one, and what torch says of it."""
    if not device:
        return ok("gpu", "no NVIDIA GPU: training runs on the CPU")
    if outcome is None:
        return warning(
            "gpu",
            "there is an NVIDIA GPU, but torch is not installed",
            "on the GPU pod, install it with `pip install 'lamina[train]'`",
        )
    code, said = outcome
    if code or said == "none":
        return problem(
            "gpu",
            f"there is an NVIDIA GPU, but torch cannot use it ({said})",
            "install a torch built for this driver's CUDA version",
        )
    return ok("gpu", f"GPU {said}")


def examine_environment(llama_cpp_dir: Path) -> list[Finding]:
    """Probe and judge."""
    groups = requirements(_declared())
    version = (sys.version_info.major, sys.version_info.minor, sys.version_info.micro)
    llama = "import llama_cpp; print(llama_cpp.__version__)"
    torch = (
        "import torch; print(torch.cuda.get_device_name() if torch.cuda.is_available() else 'none')"
    )
    device = Path("/dev/nvidiactl").exists() or shutil.which("nvidia-smi") is not None
    found = [
        python(version),
        *(packages(group, wanted, installed_version) for group, wanted in groups.items()),
        converters(llama_cpp_dir),
        native_library(_in_child(llama) if installed_version("llama-cpp-python") else None),
        gpu(device, _in_child(torch) if device and installed_version("torch") else None),
    ]
    return [finding for finding in found if finding is not None]


def installed_version(package: str) -> str | None:
    """Version of an installed package; None where it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _declared() -> list[str]:
    try:
        return importlib.metadata.requires("lamina") or []
    except importlib.metadata.PackageNotFoundError:
        return []  # run from a checkout that was never installed


def _in_child(code: str) -> tuple[int, str]:
    """Exit code and last line of a Python child; a crash there is a finding, not our end."""
    try:
        child = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            timeout=_CHILD_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 1, f"no answer within {_CHILD_LIMIT_S:g} s"
    lines = (child.stdout if child.returncode == 0 else child.stderr).strip().splitlines()
    return child.returncode, lines[-1] if lines else f"exit code {child.returncode}"
