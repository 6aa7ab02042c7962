"""The parts of a whole corpus's documents: what is new among them is compared and assigned."""

from lamina.dataset.assigned import Assigned, remembered
from lamina.dataset.assigning import assign
from lamina.dataset.groups import document_runs, sharing
from lamina.dataset.settings import DatasetSettings
from lamina.progress import Progress
from lamina.store import Store
from lamina.text.verdicts import Verdict, Verdicts


def parts_of(
    known: Verdicts, *, store: Store, settings: DatasetSettings, progress: Progress
) -> Assigned:
    """Which part each usable document is in, now and whenever this store is asked again."""
    if not settings.heldout_share:
        return Assigned()
    usable = {one.digest: one for one in known.verdicts if _counts(one)}
    layers = {
        layer: {one.digest: one.characters for one in known.accepted(layer) if _counts(one)}
        for layer in known.layers()
    }
    with remembered(store) as memory:
        before = memory.get()
        new = usable.keys() - before.known()
        files = {}
        if new:
            progress.start("comparing documents", len(usable))
            for number, (digest, one) in enumerate(sorted(usable.items()), start=1):
                if one.pages_ref:
                    files[digest] = document_runs(store, one.pages_ref)
                progress.advance(number)
        after = assign(layers, before, sharing(files, new), settings)
        memory.put(after)
    return after


def _counts(verdict: Verdict) -> bool:
    return verdict.recommended and verdict.format != "questions"
