"""A base from a Hugging Face hub: what it is, and its files, fetched by the hub's own client.

The client reads HF_ENDPOINT and HF_TOKEN itself, and goes on with halves of files.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lamina.bases.growth import watched
from lamina.bases.model_files import has_weights, wanted
from lamina.errors import InvalidInputError, LaminaError, NotFoundError, ResourceError
from lamina.passport import BASE_FILES
from lamina.progress import Progress


@dataclass(frozen=True)
class Repository:
    """One revision of a repository."""

    name: str  # owner/name
    revision: str  # a commit, whatever was asked for
    licence: str | None
    files: tuple[tuple[str, int], ...]  # with their sizes in bytes

    @property
    def size_bytes(self) -> int:
        """Of all files that are fetched."""
        return sum(size for _, size in self.files)


def look_up(address: str) -> Repository:
    """What `owner/name[@revision]` is at this moment.

    Raises:
        InvalidInputError: no such form, or no weights that can be read.
        NotFoundError: no such repository or revision, or the token may not see it.
        ResourceError: the hub cannot be reached.

    """
    name, _, revision = address.partition("@")
    if len(name.split("/")) != 2 or not all(name.split("/")):  # noqa: PLR2004 - owner and name
        msg = f"hf:{address} is no repository; write hf:owner/name or hf:owner/name@revision"
        raise InvalidInputError(msg)
    from huggingface_hub import HfApi

    with _translated(name, revision):
        info = HfApi(endpoint=_endpoint()).model_info(
            name, revision=revision or None, files_metadata=True
        )
    sizes = {one.rfilename: int(one.size or 0) for one in info.siblings or []}
    names = wanted(sizes)
    lacking = [one for one in BASE_FILES if one not in names]
    if lacking or not has_weights(names):
        msg = (
            f"{name} holds no {lacking[0] if lacking else 'safetensors'}; name a repository that "
            "does, or add its GGUF file"
        )
        raise InvalidInputError(msg)
    licence = getattr(info.card_data, "license", None) if info.card_data else None
    tagged = (tag.removeprefix("license:") for tag in info.tags or () if tag[:8] == "license:")
    return Repository(
        name=name,
        revision=str(info.sha),
        licence=licence or next(tagged, None),
        files=tuple((one, sizes[one]) for one in names),
    )


def fetch(repository: Repository, folder: Path, progress: Progress) -> None:
    """Bring all files into a folder, going on with what a broken try has left there."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.utils import disable_progress_bars

    disable_progress_bars()
    folder.mkdir(parents=True, exist_ok=True)
    label = f"fetch {repository.name}"
    with (
        _translated(repository.name, repository.revision),
        watched(folder, progress, label, repository.size_bytes),
    ):
        for name, _ in repository.files:
            hf_hub_download(
                repository.name,
                name,
                revision=repository.revision,
                local_dir=folder,
                endpoint=_endpoint(),
            )
    for name, size in repository.files:
        if size and (folder / name).stat().st_size != size:
            msg = f"{name} of {repository.name} came with another size; run again to fetch it anew"
            (folder / name).unlink()
            raise ResourceError(msg)


def _endpoint() -> str | None:
    """The client reads it when it is imported; a later choice counts, too."""
    return os.environ.get("HF_ENDPOINT") or None


@contextmanager
def _translated(name: str, revision: str) -> Iterator[None]:
    """The client's errors as one sentence each."""
    from huggingface_hub import errors

    at = f"{name}@{revision}" if revision else name
    try:
        yield
    except errors.GatedRepoError as gated:
        msg = (
            f"{name} asks for consent: accept its terms on the hub, then set HF_TOKEN to a token "
            "of the same account, and run again"
        )
        raise NotFoundError(msg) from gated
    except errors.RevisionNotFoundError as missing:
        msg = f"{name} has no revision {revision}; name a branch, tag or commit that it has"
        raise NotFoundError(msg) from missing
    except (errors.RepositoryNotFoundError, errors.EntryNotFoundError) as missing:
        if isinstance(missing, errors.LocalEntryNotFoundError):
            raise _unreachable(at) from missing
        msg = f"{at} is not on the hub, or HF_TOKEN may not see it; check the name and the token"
        raise NotFoundError(msg) from missing
    except errors.HFValidationError as odd:
        msg = f"hf:{at} is no repository; write hf:owner/name or hf:owner/name@revision"
        raise InvalidInputError(msg) from odd
    except (errors.HTTPError, OSError) as broken:
        raise _unreachable(at) from broken


def _unreachable(at: str) -> LaminaError:
    return ResourceError(
        f"the hub does not answer as it should for {at}; check the network and HF_ENDPOINT, then "
        "run again: what has arrived is kept"
    )
