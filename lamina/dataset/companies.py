"""How companies are spelled whose files run their names together: `KRAFTHEINZ_2022_10K.pdf`.

Most pages from the middle of a report name nobody, but another page of the same company's, anywhere
in the corpus, may. What is found for a document when it first comes stays with it: or else a page
that lands in one layer would change what another layer is trained on.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from lamina.dataset.names import squashed
from lamina.dataset.subject import is_filing, named_by
from lamina.progress import Progress
from lamina.store import Stage, Store, alone, write_atomically
from lamina.text.pages import read_stored_pages
from lamina.text.verdicts import Verdict, Verdicts

NAMED = Stage("company_named", version=1)
FOLDER = "companies"  # of the store
_FILE = "spelled.json"

Spelled = Mapping[str, str]  # by document and letters of the name; empty where its own text tells


def with_companies(
    verdicts: Iterable[Verdict], known: Verdicts, *, store: Store, progress: Progress
) -> list[Verdict]:
    """The verdicts, their files' names spelled as the corpus spells them."""
    spelled = _spelled(known, store, progress)
    return [_with_name(one, spelled.get(_key(one), "")) for one in verdicts]


def _with_name(verdict: Verdict, name: str) -> Verdict:
    if not name:
        return verdict
    naming = verdict.naming.model_copy(update={"company": name})
    return verdict.model_copy(update={"naming": naming})


def _key(verdict: Verdict) -> str:
    return f"{verdict.digest} {squashed(verdict.naming.company)}"


def _spelled(known: Verdicts, store: Store, progress: Progress) -> Spelled:
    filings = {
        _key(one): one for one in known.verdicts if one.recommended and is_filing(one.naming)
    }
    folder = store.root / FOLDER
    with alone(folder / "spelled.lock"):
        before = _read(folder / _FILE)
        new = sorted(filings.keys() - before.keys())
        if not new:
            return before
        progress.start("names of companies", len(filings))
        own: dict[str, str] = {}
        said: dict[str, Counter[str]] = defaultdict(Counter)
        for number, (key, one) in enumerate(sorted(filings.items()), start=1):
            if name := _own(one, store):
                own[key] = name
                said[squashed(one.naming.company)][name] += 1
            progress.advance(number)
        found = {
            key: "" if key in own else _most(said[squashed(filings[key].naming.company)])
            for key in new
        }
        after = before | found
        content = json.dumps(after, indent=1, sort_keys=True, ensure_ascii=False)
        write_atomically(folder / _FILE, content.encode())
    return after


def _most(names: Counter[str]) -> str:
    return min(names, key=lambda name: (-names[name], name), default="")


def _own(verdict: Verdict, store: Store) -> str:
    """The company as the document's own text names it; kept, since it is asked of all for each."""
    pages, name = verdict.pages_ref, verdict.naming.company
    if pages is None:
        return ""

    def make(_: Path) -> dict[str, object]:
        return {"pages": pages.digest, "name": named_by(read_stored_pages(store, pages), name)}

    ref = store.once("company", NAMED, {"pages": pages, "name": name}, make)
    return str(store.manifest(ref).facts["name"])


def _read(path: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    return found
