"""What lies in the inbox and whether it is whole yet. Content decides, names do not."""

from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from lamina.errors import InvalidInputError
from lamina.workspace import checked_layer_name, fed_layer


class Landed(BaseModel):
    """A whole file that nobody was told of yet."""

    model_config = ConfigDict(frozen=True)

    layer: str
    name: str = Field(description="path below the layer's folder")
    path: str
    digest: str = Field(description="sha256 of the bytes")

    @property
    def content(self) -> str:
        """What counts: the layer and the bytes."""
        return f"{self.layer}/{self.digest}"


class Look(BaseModel):
    """One look into the inbox."""

    model_config = ConfigDict(frozen=True)

    landed: tuple[Landed, ...] = Field(description="new and whole, by layer and name")
    growing: tuple[str, ...] = Field(description="files that changed within the settle window")
    refused: tuple[str, ...] = Field(description="why a folder's files are passed over")
    oldest_s: float = Field(description="how long the first of `landed` has been whole")


def look(  # noqa: PLR0913 - a look's parts
    inbox: Path,
    files: Iterable[Path],
    known: Collection[tuple[str, str]],
    digest: Callable[[Path], str],
    *,
    now_s: float,
    settle_s: float,
) -> Look:
    """Sort the inbox's files into new, still growing, and passed over.

    A file is whole when neither its content nor its inode changed for `settle_s` seconds. The
    inode's time of change counts beside the content's, because a copying program can set the
    latter to the original's and never the former. `known` holds (layer, digest) pairs.
    """
    landed: dict[tuple[str, str], Landed] = {}
    growing: list[str] = []
    refused: dict[str, str] = {}
    oldest_s = 0.0
    for path in files:
        relative = path.relative_to(inbox)
        layer = fed_layer(inbox, path)
        try:
            checked_layer_name(layer)
            quiet_s = now_s - _changed_s(path)
            found = digest(path) if quiet_s >= settle_s else ""
            if not found or now_s - _changed_s(path) < settle_s:
                growing.append(relative.as_posix())
                continue
        except InvalidInputError as error:
            refused[layer] = str(error)
            continue
        except FileNotFoundError:  # moved away in the meantime
            continue
        except OSError as error:
            refused[relative.as_posix()] = f"{relative} cannot be read ({error.strerror})"
            continue
        if (layer, found) not in known:
            name = relative.as_posix().removeprefix(f"{layer}/")
            landed.setdefault(
                (layer, found), Landed(layer=layer, name=name, path=str(path), digest=found)
            )
            oldest_s = max(oldest_s, quiet_s)
    return Look(
        landed=tuple(sorted(landed.values(), key=lambda one: (one.layer, one.name))),
        growing=tuple(growing),
        refused=tuple(refused.values()),
        oldest_s=oldest_s,
    )


def _changed_s(path: Path) -> float:
    status = path.stat()
    return max(status.st_mtime, status.st_ctime)
