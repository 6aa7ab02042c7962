"""The stage `pdf_pretest`: a verdict for every document of the corpus."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from lamina.artifacts import ArtifactRef
from lamina.corpus.documents import Document
from lamina.corpus.isolation import Readers, ReadingLimits
from lamina.corpus.pages.recognition import REASONS, check_recognition
from lamina.corpus.reading import PAGES, stored_pages
from lamina.corpus.verdict import VerdictSettings, judge
from lamina.progress import Progress
from lamina.store import Stage, Store
from lamina.text.pages import read_stored_pages
from lamina.text.verdicts import VERDICTS_FILE, Verdict, Verdicts

PRETEST = Stage("pdf_pretest", version=11)
JUDGE = Stage("judge_document", version=4)


def pdf_pretest(  # noqa: PLR0913 - keyword-only but for one
    documents: Sequence[Document],
    *,
    store: Store,
    progress: Progress,
    settings: VerdictSettings | None = None,
    limits: ReadingLimits | None = None,
    workers: int | None = None,
) -> ArtifactRef:
    """Read and judge every document; artifact of kind `verdicts`.

    `workers` files are read at once, by default one per core. Facts: `documents`, `recommended`
    (counts), `layers` (names of those with text to learn) and `unreadable` (a count: with any, the
    next call looks again).

    Raises:
        ResourceError: text recognition is asked for, and its program or language is missing.

    """
    chosen, bounds = settings or VerdictSettings(), limits or ReadingLimits()
    if bounds.recognise:
        check_recognition(bounds.recognise)
    ordered = sorted(documents, key=Document.content_identity)

    def make(folder: Path) -> dict[str, object]:
        verdicts = judged_documents(
            ordered,
            store=store,
            progress=progress,
            settings=chosen,
            limits=bounds,
            workers=workers,
        )
        return _write(folder, Verdicts(verdicts=tuple(verdicts)))

    inputs = {"documents": ordered, "settings": chosen, "limits": bounds}
    known = store.recall_manifest(PRETEST, inputs)
    again = known is not None and known.facts["unreadable"] > 0
    return store.once("verdicts", PRETEST, inputs, make, refresh=again)


def _write(folder: Path, found: Verdicts) -> dict[str, object]:
    (folder / VERDICTS_FILE).write_text(found.model_dump_json(indent=1), encoding="utf-8")
    return {
        "documents": len(found.verdicts),
        "recommended": sum(verdict.recommended for verdict in found.verdicts),
        "layers": list(found.layers()),
        "unreadable": sum("unreadable" in verdict.reasons for verdict in found.verdicts),
    }


def judged_documents(  # noqa: PLR0913 - keyword-only but for one
    documents: Sequence[Document],
    *,
    store: Store,
    progress: Progress,
    settings: VerdictSettings,
    limits: ReadingLimits,
    workers: int | None = None,
    lasting: bool = False,
) -> list[Verdict]:
    """The documents' verdicts, in their order.

    Only files that the store does not know are read, so a batch of a larger corpus can be judged on
    any machine that shares the store; with `lasting`, one at a time, by a reader that waits for the
    next batch. Text is recognised in those files alone that have pages without any.
    """

    def judged(found: Sequence[Document], bounds: ReadingLimits, label: str) -> list[Verdict]:
        progress.start(label, len(found))
        known = [_known(one, store, settings, bounds) for one in found]
        new = [one for one, verdict in zip(found, known, strict=True) if verdict is None]
        refs = read_documents(
            new,
            store=store,
            progress=progress,
            limits=bounds,
            workers=1 if lasting else workers,
            lasting=lasting,
        )
        made = (
            _judged(one, ref, store, settings, bounds) for one, ref in zip(new, refs, strict=True)
        )
        return [verdict or next(made) for verdict in known]

    verdicts = judged(documents, limits.without_recognition(), "reading documents")
    places = [place for place, verdict in enumerate(verdicts) if _has_pictures(verdict)]
    if limits.recognise and places:
        pictures = [documents[place] for place in places]
        for place, verdict in zip(
            places, judged(pictures, limits, "recognising text"), strict=True
        ):
            verdicts[place] = verdict
    return verdicts


def unread(
    documents: Sequence[Document],
    store: Store,
    settings: VerdictSettings,
    limits: ReadingLimits,
) -> tuple[Document, ...]:
    """The documents that the store has no judgement of."""
    bounds = limits.without_recognition()
    return tuple(one for one in documents if _known(one, store, settings, bounds) is None)


def _has_pictures(verdict: Verdict) -> bool:
    return any(kind in REASONS for kind in verdict.page_kinds)


def read_documents(  # noqa: PLR0913 - keyword-only but for one
    documents: Sequence[Document],
    *,
    store: Store,
    progress: Progress,
    limits: ReadingLimits,
    workers: int | None = None,
    lasting: bool = False,
) -> list[ArtifactRef]:
    """The pages of every document, several read at once, in the order of the documents."""
    if not documents:
        return []
    count = min(len(documents), workers or len(os.sched_getaffinity(0)))
    key = limits.model_dump()
    refs: list[ArtifactRef] = []
    opened = nullcontext(Readers.lasting(limits)) if lasting else Readers.opened(count, limits)
    with opened as readers, ThreadPoolExecutor(count) as threads:

        def stored(document: Document) -> ArtifactRef:
            return stored_pages(document, store, readers.read, key)

        futures = [threads.submit(stored, document) for document in documents]
        try:
            for document, future in zip(documents, futures, strict=True):
                refs.append(future.result())
                progress.advance(len(refs), document.name)
        finally:
            threads.shutdown(cancel_futures=True)
    return refs


def _judged(
    document: Document,
    pages: ArtifactRef,
    store: Store,
    settings: VerdictSettings,
    limits: ReadingLimits,
) -> Verdict:
    """The judgement of what was read, kept: the next corpus with this document need not judge."""

    def make(_: Path) -> dict[str, object]:
        judgement = judge(read_stored_pages(store, pages), settings)
        return {"pages": pages.digest, "judgement": judgement.model_dump(mode="json")}

    ref = store.once("judgement", JUDGE, _inputs(document, settings, limits), make, refresh=True)
    return _verdict(document, store.manifest(ref).facts)


def _known(
    document: Document, store: Store, settings: VerdictSettings, limits: ReadingLimits
) -> Verdict | None:
    """The verdict of a document that was judged before and whose pages are still held."""
    manifest = store.recall_manifest(JUDGE, _inputs(document, settings, limits))
    verdict = _verdict(document, manifest.facts) if manifest else None
    if verdict is None or "unreadable" in verdict.reasons:  # it may be readable by now
        return None
    is_held = verdict.pages_ref and store.path(verdict.pages_ref).is_dir()
    return verdict if is_held else None


def _inputs(
    document: Document, settings: VerdictSettings, limits: ReadingLimits
) -> dict[str, object]:
    return {  # models as text: for 10,000 documents, walking through them would take seconds
        "document": document.digest,
        "format": document.format,
        "settings": settings.model_dump_json(),
        "limits": limits.model_dump_json(),
        "reading": PAGES.version,
    }


def _verdict(document: Document, facts: Mapping[str, Any]) -> Verdict:
    return Verdict(
        layer=document.layer,
        digest=document.digest,
        format=document.format,
        pages_ref=ArtifactRef(kind="pages", digest=facts["pages"]),
        naming=document.naming,
        **facts["judgement"],
    )
