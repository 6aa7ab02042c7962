"""Whether `"model": "auto"` finds the layer that was trained on what a question asks for.

    python benchmarks/routing.py [--data FOLDER] [--workspace FOLDER] [--out FILE]

Layers are the topics' folders, their profiles made of the product's own rows: of all documents, and
of those alone that a layer trains on. Asked are the exam's questions, which nothing was fitted to;
`routing_tuning.tsv`, which the figures in `finding.py` were chosen on, together with the general
prompts; and `routing_general.txt`, general questions of another style, which were not. First and
among three are ranks, whoever answers in the end.
"""

import argparse
import json
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple

from lamina.corpus.documents import find_documents
from lamina.corpus.pretest import pdf_pretest
from lamina.dataset.build import build_dataset
from lamina.passport import profile
from lamina.progress import Silent
from lamina.serving.layers.blends import BASE
from lamina.serving.layers.finding import Finder
from lamina.settings import load
from lamina.text.rows import SPLITS, read_rows
from lamina.text.verdicts import read_verdicts
from lamina.training.replay import general_prompts
from lamina.workspace import EMBEDDED_BASE, Workspace

HERE = Path(__file__).parent
MANY, CHANGES = 1000, 200  # layers, and how often one of them changes
HEAD = (
    "| profiles of | questions | number | first | among three | to the base | to a blend "
    "| answered by its layer |\n|---|---|---:|---:|---:|---:|---:|---:|\n"
)


class Asked(NamedTuple):
    """A question, and the layer that was trained on its answer; "" for none."""

    layer: str
    text: str


def main() -> None:
    """Print the report."""
    options = _parsed()
    with tempfile.TemporaryDirectory() as folder:
        workspace = options.workspace or Path(folder)
        made = {
            "all documents": _profiles(options.data / "topics", workspace, SPLITS),
            "what is trained on": _profiles(options.data / "topics", workspace, SPLITS[:1]),
        }
    asked = _questions(options.data / "exam")
    lines = [
        _line(told, name, Finder(profiles), some)
        for told, profiles in made.items()
        for name, some in asked.items()
    ]
    sizes = sorted(map(len, made["all documents"].values()))
    report = HEAD + "\n".join(lines) + "\n\n"
    report += (
        f"Profiles take {sizes[0] / 1000:.1f} to {sizes[-1] / 1000:.1f} kB, as text inside the "
        f"GGUF file.\n\n" + _times(made["all documents"], [one.text for one in asked["exam"]])
    )
    print(report)
    if options.out:
        options.out.write_text(report, encoding="utf-8")


def _parsed() -> argparse.Namespace:
    data = HERE.parent / ".." / "shared" / "data"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=data.resolve())
    parser.add_argument("--workspace", type=Path, help="where the PDFs may be read already")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def _profiles(topics: Path, folder: Path, splits: Sequence[str]) -> dict[str, str]:
    workspace = Workspace(load(workspace=folder)).make()
    shutil.copytree(topics, workspace.raw_pdfs, dirs_exist_ok=True)
    store, progress = workspace.store, Silent()
    verdicts = pdf_pretest(find_documents(workspace), store=store, progress=progress)
    tokenizer = EMBEDDED_BASE / "tokenizer.json"
    made = {}
    for layer in read_verdicts(store, verdicts).layers():
        ref = build_dataset(
            verdicts, layer, store=store, progress=progress, tokenizer_file=tokenizer
        )
        files = [store.open(ref) / f"{split}.jsonl" for split in splits]
        made[layer] = profile.of_rows(row for file in files for row in read_rows(file))
    return made


def _questions(exam: Path) -> dict[str, list[Asked]]:
    rows = [json.loads(line) for path in sorted(exam.glob("*.jsonl")) for line in path.open()]
    answered = [Asked(row["topic"], row["question"]) for row in rows if row["file"]]
    tuning = (HERE / "routing_tuning.tsv").read_text(encoding="utf-8").splitlines()
    general = (HERE / "routing_general.txt").read_text(encoding="utf-8").splitlines()
    return {
        "exam, answered by the documents": answered,
        "exam": [Asked(row["topic"], row["question"]) for row in rows],
        "tuning": [Asked(*line.split("\t")) for line in tuning],
        "general prompts (tuned on)": [Asked("", text) for text in general_prompts()],
        "general, another style": [Asked("", text) for text in general],
    }


def _line(told: str, name: str, finder: Finder, some: Sequence[Asked]) -> str:
    first = three = base = blend = right = 0
    for one in some:
        route = finder.route([one.text])
        ranked = [route.layer.split(":")[0], *(other.layer for other in route.runners_up)]
        layers = [layer for layer in ranked if layer != BASE]
        base += route.layer == BASE
        blend += "+" in route.layer
        first += layers[:1] == [one.layer]
        three += one.layer in layers[:3]
        right += bool(one.layer) and one.layer in route.layer
    shares = [f"{count / len(some):.3f}" for count in (first, three, base, blend, right)]
    if not some[0].layer:
        shares[:2], shares[4:] = ["", ""], [""]
    return f"| {told} | {name} | {len(some)} | " + " | ".join(shares) + " |"


def _times(profiles: dict[str, str], texts: Sequence[str]) -> str:
    """Of the processor, for these layers and for 1,000: all learnt, one changed, a decision."""
    rng = random.Random(1)
    names = [f"L{number}" for number in range(MANY)]
    many = dict(zip(names, rng.choices(list(profiles.values()), k=MANY), strict=True))
    heads = ("all learnt in, s", "one changed, ms: median", "most", "a decision, ms: median")
    lines = [f"| layers | {' | '.join(heads)} | 99 of 100 |\n|{'---|' * (len(heads) + 2)}"]
    for some in (profiles, many):
        began = time.process_time()
        finder = Finder(some)
        made_s = time.process_time() - began
        now, changed = some, []
        for name in rng.choices(list(some), k=CHANGES):
            now = {**now, name: rng.choice(list(profiles.values()))}
            changed.append(_ms(partial(finder.learn, now)))
        took = sorted(_ms(partial(finder.route, [text])) for text in texts)
        lines.append(
            f"| {len(some)} | {made_s:.2f} | {median(changed):.2f} | {max(changed):.2f} "
            f"| {median(took):.2f} | {took[len(took) * 99 // 100]:.2f} |"
        )
    return "\n".join(lines) + "\n"


def _ms(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return 1000 * (time.process_time() - began)


if __name__ == "__main__":
    main()
