"""Child process: loads layer files into llama.cpp and takes a step with each. Names what it did.

Run apart because llama.cpp may end the process on a file that the checks let through: that is what
the test that starts it wants to see.
"""

import sys
from pathlib import Path

from lamina.errors import DamagedError
from lamina.serving.llama import Base, ContextOptions, open_base, quiet


def main(model: Path, paths: list[Path]) -> None:
    quiet()
    with open_base(model, ContextOptions(n_ctx=256, n_slots=1, n_batch=8, n_threads=1)) as base:
        for path in paths:
            print(path.name, _tried(base, path), flush=True)


def _tried(base: Base, path: Path) -> str:
    try:
        adapter = base.load_adapter(path)
    except DamagedError:
        return "refused"
    base.apply(((adapter, 1.0),))
    base.forget(0)
    base.batch.clear()
    base.batch.add([1, 260, 261], position=0, slot=0, wanted_from=2)
    code = base.decode()
    base.free_adapter(adapter)
    return f"decoded {code}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.stdin.read().split("\n") if name])
