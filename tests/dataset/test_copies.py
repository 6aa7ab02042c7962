"""Of two copies one is taken: the newest, unless the other is held out."""

import json
from pathlib import Path

import sheets
from sheets import build, rows

from lamina.artifacts import ArtifactRef
from lamina.store import Store
from lamina.text.pages import Pages

TEXT = " ".join(f"{word} stands here" for word in ("one", "two", "three", "four", "five", "six"))

WORDS = dict(zip(("2019", "2020", "2021", "2022"), ("oak", "elm", "ash", "fir"), strict=True))


def reports(*created: str) -> list[Pages]:
    """Documents of these dates, each with sentences of its own and one paragraph that all have."""
    return [
        sheets.pages(
            [TEXT, "", *(f"Sentence {n} of {WORDS[date]} ends." for n in range(9))]
        ).model_copy(update={"created": date})
        for date in created
    ]


def test_the_newest_of_two_copies_is_kept(store: Store, tokenizer: Path) -> None:
    old, new = reports("2019", "2022")
    known = sheets.verdicts(store, {"Leases": [old, new]})

    ref = build(store, known, "Leases", tokenizer)

    (entry,) = (json.loads(line) for line in dropped_file(store, ref))
    newest = sheets.digest(new)
    assert (entry["document"], entry["kept_document"]) == (sheets.digest(old), newest)


def dropped_file(store: Store, ref: ArtifactRef) -> list[str]:
    return (store.open(ref) / "dropped.jsonl").read_text().splitlines()


def test_a_copy_of_held_out_text_is_not_trained_on_however_new(
    store: Store, tokenizer: Path
) -> None:
    known = sheets.verdicts(store, {"Leases": reports("2019", "2020", "2021", "2022")})

    ref = build(store, known, "Leases", tokenizer)

    held = store.manifest(ref).facts["test_documents"]
    kept = {json.loads(line)["kept_document"] for line in dropped_file(store, ref)}
    assert held
    assert kept <= set(held)
    assert not any(TEXT in row.text for row in rows(store, ref, "train"))
