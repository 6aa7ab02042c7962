"""Whom each document of a dataset speaks of, and what was read of it.

`dataset` finds it and writes it, `study` reads it.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from lamina.artifacts import ArtifactRef

SUBJECTS_FILE = "subjects.json"


class DocumentSubject(BaseModel):
    """Company or publisher, title, period; any may be empty."""

    model_config = ConfigDict(frozen=True)

    company: str = ""
    title: str = ""
    period: str = ""
    pages: ArtifactRef  # of kind `pages`


_BY_DOCUMENT = TypeAdapter(dict[str, DocumentSubject])


def read_subjects(folder: Path) -> dict[str, DocumentSubject]:
    """By document, of a dataset's folder; none of a dataset that was made before they were kept."""
    try:
        told = (folder / SUBJECTS_FILE).read_bytes()
    except FileNotFoundError:
        return {}
    return _BY_DOCUMENT.validate_json(told)


def write_subjects(folder: Path, subjects: Mapping[str, DocumentSubject]) -> None:
    """Write them into a dataset's folder, in order of the documents."""
    told = {name: subjects[name].model_dump(mode="json") for name in sorted(subjects)}
    text = json.dumps(told, indent=1, ensure_ascii=False)
    (folder / SUBJECTS_FILE).write_text(text + "\n", encoding="utf-8")
