"""Which document stands behind a question: one that its layer was trained on, or one held out.

What a layer can know is what it was trained on: on these questions D decides. What it was never
shown it can only infer: that is `transfer`, reported beside it. An exam names documents by their
files; the corpus tells which contents have, or ever had, these names. So a file that was renamed,
archived under a longer name, or lies there twice is one document. Where a layer's dataset or the
names of its documents are not on this pod, the exam's word stands: each file is a document, and
known.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from lamina.artifacts import ArtifactRef
from lamina.assessment.exam.questions import Topic
from lamina.store import Store
from lamina.text.questions import Question
from lamina.text.rows import Row, read_rows

_SUFFIX = re.compile(r"\.(pdf|txt|md|markdown)\Z")
_MARK = re.compile(r"-([0-9a-f]{8})\Z")  # the archive's, behind a name that was taken
_WORD = re.compile(r"\w+")

Names: TypeAlias = Mapping[str, Mapping[str, frozenset[str]]]  # plain name, layer: digests


class KnownFile(BaseModel):
    """A name that a document has or had in the folder of a layer."""

    model_config = ConfigDict(frozen=True)

    layer: str
    name: str
    digest: str = Field(description="sha256 of the file")


@dataclass(frozen=True)
class Taught:
    """The documents of a layer's dataset, by digest."""

    documents: frozenset[str]
    held: frozenset[str] = frozenset()  # whole ones, for validation or the test
    sections: Mapping[str, "Sections"] = field(default_factory=dict)  # of those that gave any

    def can_know(self, digests: Iterable[str], question: Question) -> bool:
        """Whether the layer was trained on where the answer stands."""
        trained = (self.documents - self.held).intersection(digests)
        return any(
            digest not in self.sections or self.sections[digest].teaches(question)
            for digest in trained
        )


@dataclass(frozen=True)
class Sections:
    """The rows of a document of which a section was held out."""

    trained: Sequence[Row]
    held: Sequence[Row]

    def teaches(self, question: Question) -> bool:
        """Whether the answer stands in what was trained on: by the evidence, else by the page."""
        evidence = _plain_text(question.evidence)
        if evidence and _says(self.trained, evidence):
            return True
        if evidence and _says(self.held, evidence):
            return False
        return _covers(self.trained, question.page) or not _covers(self.held, question.page)


def told_apart(
    topics: Sequence[Topic],
    files: Iterable[KnownFile],
    datasets: Mapping[str, ArtifactRef],
    store: Store,
) -> tuple[Topic, ...]:
    """The topics with what their layers cannot know apart, and the files that nobody has named.

    `datasets` are what the layers were trained on. Of the names of one document the first in the
    alphabet stands for all.
    """
    names = names_of(files)
    found = []
    for topic in topics:
        ref = datasets.get(topic.name)
        taught = read_taught(ref, store) if ref and topic.prompts else None
        found.append(_apart(topic, names, taught) if taught else topic)
    return tuple(found)


def _apart(topic: Topic, names: Names, taught: Taught) -> Topic:
    named = {digest for of in names.values() for own in of.values() for digest in own}
    if not taught.documents & named:
        return topic
    behind = {file: digests_of(file, topic.name, names) for file in {q.file for q in topic.prompts}}
    one_name: dict[frozenset[str], str] = {}
    for file in sorted(behind):
        one_name.setdefault(behind[file], file)
    knows: list[Question] = []
    transfer: list[Question] = []
    for question in topic.prompts:
        digests = behind[question.file]
        if not digests:
            knows.append(question)
            continue
        renamed = question.model_copy(update={"file": one_name[digests]})
        (knows if taught.can_know(digests, question) else transfer).append(renamed)
    strangers = sorted(file for file, digests in behind.items() if file and not digests)
    update = {"prompts": tuple(knows), "transfer": tuple(transfer), "strangers": tuple(strangers)}
    return topic.model_copy(update=update)


def names_of(files: Iterable[KnownFile]) -> Names:
    """Digests by plain name and layer; a name that the archive lengthened also counts as it was."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for file in files:
        for name in _spellings(file):
            found[name][file.layer].add(file.digest)
    return {
        name: {layer: frozenset(digests) for layer, digests in of.items()}
        for name, of in found.items()
    }


def digests_of(file: str, layer: str, names: Names) -> frozenset[str]:
    """The contents of that name: in the layer's own folder, else in any; none if nobody has it."""
    by_layer = names.get(_plain(file), {}) if file else {}
    return by_layer.get(layer) or frozenset().union(*by_layer.values())


def read_taught(ref: ArtifactRef, store: Store) -> Taught:
    """What a dataset taught, by its papers; rows are read only where sections were held out."""
    papers = store.manifest(ref)
    parts = papers.inputs.get("held_out") or {}
    whole = [*papers.facts.get("validation_documents", ()), *papers.facts.get("test_documents", ())]
    held = frozenset([*whole, *parts.get("validation", ()), *parts.get("test", ())])
    sectioned = frozenset(parts.get("sectioned", ())) - held
    return Taught(
        documents=frozenset(papers.facts.get("documents", ())),
        held=held,
        sections=_sections(store.path(ref), sectioned) if sectioned else {},
    )


def _sections(folder: Path, documents: frozenset[str]) -> Mapping[str, Sections]:
    rows = {
        split: _by_document(read_rows(folder / f"{split}.jsonl"), documents)
        for split in ("train", "validation")
    }
    return {one: Sections(rows["train"][one], rows["validation"][one]) for one in documents}


def _by_document(rows: Iterable[Row], wanted: frozenset[str]) -> Mapping[str, list[Row]]:
    found: dict[str, list[Row]] = {document: [] for document in wanted}
    for row in rows:
        if row.document in found:
            found[row.document].append(row)
    return found


def _says(rows: Sequence[Row], evidence: str) -> bool:
    return f" {evidence} " in f" {' '.join(_plain_text(row.text) for row in rows)} "


def _covers(rows: Sequence[Row], page: int | None) -> bool:
    """Whether a page, counted from 0, is among those of the rows, counted from 1."""
    return page is not None and any(row.pages[0] <= page + 1 <= row.pages[1] for row in rows)


def _spellings(file: KnownFile) -> Iterator[str]:
    name = _plain(file.name)
    yield name
    mark = _MARK.search(name)
    if mark and file.digest.startswith(mark[1]):
        yield name[: mark.start()]


def _plain_text(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _plain(name: str) -> str:
    """A file's name without folders and suffix, however it is written."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name).strip())[-1]
    return _SUFFIX.sub("", last.casefold())
