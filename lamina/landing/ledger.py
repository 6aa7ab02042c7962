"""What was announced already: one file, one writer at a time."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from lamina.errors import DamagedError
from lamina.landing.inbox import Landed
from lamina.store import alone, write_atomically


class Ledger(BaseModel):
    """The memory of the watchers of one inbox."""

    announced: dict[str, dict[str, str]] = Field(
        default={}, description="layer to digest to the name it had"
    )

    @property
    def known(self) -> set[tuple[str, str]]:
        """(layer, digest) of every file that was announced."""
        return {(layer, digest) for layer, files in self.announced.items() for digest in files}

    def note(self, landed: Iterable[Landed]) -> None:
        """The files are announced, or came from a pod that has announced them."""
        for one in landed:
            self.announced.setdefault(one.layer, {})[one.digest] = one.name


class LedgerFile:
    """The ledger on disk. Whoever has it open is the only one, on this machine and its volume."""

    def __init__(self, path: Path, ledger: Ledger) -> None:
        self._path = path
        self.ledger = ledger

    def save(self) -> None:
        """Write what stands in the ledger now, before anything is done that relies on it."""
        write_atomically(self._path, self.ledger.model_dump_json(indent=1).encode())


@contextmanager
def open_ledger(path: Path) -> Iterator[LedgerFile]:
    """The ledger, locked against other watchers until the end of the block.

    Raises:
        DamagedError: the file is no ledger.

    """
    with alone(path.with_name(f".{path.name}.lock")):
        try:
            ledger = Ledger.model_validate_json(path.read_bytes()) if path.exists() else Ledger()
        except ValidationError as error:
            msg = (
                f"{path} is no ledger of landed PDFs; move it away and run again: "
                "what lies in the inbox is then announced once more"
            )
            raise DamagedError(msg) from error
        yield LedgerFile(path, ledger)
