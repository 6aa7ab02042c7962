"""What stages pass to each other: references, never data."""

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

_KIND = re.compile(r"[a-z][a-z0-9-]*\Z")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


class ArtifactRef(BaseModel):
    """A finished artifact, by content: where it lies and how it was made do not matter."""

    model_config = ConfigDict(frozen=True)

    kind: str
    digest: str = Field(description="sha256 over the files' digests and the facts of the manifest")

    @field_validator("kind")
    @classmethod
    def _kind_is_a_folder_name(cls, value: str) -> str:
        if not _KIND.match(value):
            msg = f"{value!r} is no artifact kind: lower-case letters, digits and dashes"
            raise ValueError(msg)
        return value

    @field_validator("digest")
    @classmethod
    def _digest_is_sha256(cls, value: str) -> str:
        if not _DIGEST.match(value):
            msg = f"{value!r} is no sha256 digest: 64 hexadecimal digits"
            raise ValueError(msg)
        return value

    def __str__(self) -> str:
        return f"{self.kind}/{self.digest[:12]}"


class FileEntry(BaseModel):
    """One file of an artifact."""

    model_config = ConfigDict(frozen=True)

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size_bytes: int = Field(ge=0)


class Manifest(BaseModel):
    """`manifest.json`: written last, so its presence means that the artifact is whole.

    `files` and `facts` are the artifact's identity; everything else tells how it came about and may
    differ between two runs that made the same thing.
    """

    kind: str
    digest: str
    files: dict[str, FileEntry]
    facts: dict[str, Any] = Field(description="what is true of the content, such as a passport")
    stage: str
    stage_version: int
    inputs: dict[str, Any] = Field(description="digests and settings that the stage was keyed on")
    run: dict[str, Any] = Field(description="host, versions, seconds: how this copy was made")

    @field_validator("files")
    @classmethod
    def _files_lie_in_the_folder(cls, value: dict[str, FileEntry]) -> dict[str, FileEntry]:
        """A manifest may come from another machine: no name may lead out of the folder."""
        for name in value:
            parts = name.split("/")
            if {"", ".", ".."} & {*parts} or name == "manifest.json" or set("\\\0") & {*name}:
                msg = f"{name!r} is no file of an artifact"
                raise ValueError(msg)
        return value

    @property
    def ref(self) -> ArtifactRef:
        """The artifact that it is the manifest of."""
        return ArtifactRef(kind=self.kind, digest=self.digest)

    @property
    def size_bytes(self) -> int:
        """All files together."""
        return sum(entry.size_bytes for entry in self.files.values())
