"""The stage `pdf_pretest`: a verdict for every document of the corpus."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from lamina.artifacts import ArtifactRef
from lamina.corpus.documents import Document
from lamina.corpus.reading import stored_pages
from lamina.corpus.verdict import VerdictSettings, judge
from lamina.pages import read_stored_pages
from lamina.progress import Progress
from lamina.store import Stage, Store
from lamina.verdicts import VERDICTS_FILE, Verdict, Verdicts

PRETEST = Stage("pdf_pretest", version=1)


def pdf_pretest(
    documents: Sequence[Document],
    *,
    store: Store,
    progress: Progress,
    settings: VerdictSettings | None = None,
    refresh: bool = False,
) -> ArtifactRef:
    """Read and judge every document; artifact of kind `verdicts`.

    Facts: `documents`, `recommended` (counts) and `layers` (names of those with text to learn).
    """
    chosen = settings or VerdictSettings()
    ordered = sorted(documents, key=Document.content_identity)

    def make(folder: Path) -> dict[str, object]:
        progress.start("reading documents", len(ordered))
        verdicts = []
        for number, document in enumerate(ordered, start=1):
            verdicts.append(_verdict(document, store, chosen, refresh=refresh))
            progress.advance(number, document.name)
        result = Verdicts(verdicts=tuple(verdicts))
        (folder / VERDICTS_FILE).write_text(result.model_dump_json(indent=1), encoding="utf-8")
        recommended = sum(verdict.recommended for verdict in verdicts)
        return {
            "documents": len(verdicts),
            "recommended": recommended,
            "layers": list(result.layers()),
        }

    inputs = {"documents": ordered, "settings": chosen}
    return store.once("verdicts", PRETEST, inputs, make, refresh=refresh)


def _verdict(
    document: Document, store: Store, settings: VerdictSettings, *, refresh: bool
) -> Verdict:
    ref = stored_pages(document, store, refresh=refresh)
    pages = read_stored_pages(store, ref)
    outcome, measures = judge(pages, settings)
    return Verdict(
        layer=document.layer,
        digest=document.digest,
        format=document.format,
        pages_ref=ref,
        recommended=outcome.recommended,
        score=outcome.score,
        parts=outcome.parts,
        reasons=outcome.reasons,
        sentence=outcome.sentence,
        pages=len(pages.pages),
        page_kinds=dict(sorted(Counter(page.kind for page in pages.pages).items())),
        readers=dict(sorted(Counter(page.reader for page in pages.pages).items())),
        characters=measures.characters,
        alpha_ratio=round(measures.alpha_ratio, 4),
        function_word_share=round(measures.function_word_share, 4),
        bad_character_share=round(measures.bad_character_share, 4),
    )
