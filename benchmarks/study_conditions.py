"""Part of study.py: what a layer is made of, said in a word or two.

    raw             running text only, as the profile `text` has it
    study           text, study rows and the base's own answers, as the profile `layer` has it
    NAME:VALUE      a value of the profile, or one of the short names below
    only:KIND       no study rows but these; without:KIND all but these

Words are joined by `+`: `study+passes:16+without:cloze`. KIND is a row's kind, `tables` or
`sentences`. `wordings:N` leaves so many wordings of a fact, `long` trains as many tokens as `study`
does and keeps the last step, `textless` leaves the running text out.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lamina.artifacts import ArtifactRef
from lamina.passport import BaseIdentity
from lamina.stages import layers, mixing
from lamina.stages.pod import Pod
from lamina.store import Stage
from lamina.text.study_rows import STUDY_FILE, StudyRow, read_study_rows
from lamina.training.mix import Mix
from lamina.training.order import plan_layer
from lamina.training.profiles import Profile, overridden, profile

LIMITED = Stage("benchmark-limited-study", 2)
SHORT = {
    "passes": "study_passes", "replay": "replay_share", "teacher": "teacher_share",
    "each": "study_wordings", "variety": "study_variety", "batch": "batch_tokens",
}  # fmt: skip
NO_STUDY = {"study_passes": 0.0, "replay_share": 0.0}
NO_TEXT = {"epochs": 1e-6}
TO_THE_END = {"patience": 0, "keep": "last"}


def recipe(  # noqa: PLR0913, PLR0917 - what a layer is made of
    pod: Pod,
    topic: str,
    dataset: ArtifactRef,
    base: BaseIdentity,
    studied: ArtifactRef,
    words: str,
    values: dict[str, Any],
) -> tuple[Profile, Mix]:
    """The profile, and what is mixed in; `values` hold for every condition."""
    parts = [word.partition(":")[::2] for word in words.split("+")]
    chosen = profile("layer", **values)
    for name, value in parts:
        chosen = overridden(chosen, changed(chosen, name, value))
    mix = Mix(study=limited(pod, studied, parts))
    mix = mix.model_copy(update={"replay": mixing.replay(pod, base, profile("layer", **values))})
    if ("long", "") in parts:
        usual = profile("layer", **values)
        tokens = plan_layer(
            layers.order_of(pod, topic, dataset, base, usual, mix), pod.store
        ).tokens
        own = plan_layer(layers.order_of(pod, topic, dataset, base, chosen, mix), pod.store)
        steps = max(1, round(tokens / (own.tokens / own.steps)))
        chosen = overridden(chosen, {"steps": steps, **TO_THE_END})
    if chosen.teacher_share:
        told = mixing.teach(pod, topic, dataset, base, chosen, mix)
        mix = mix.model_copy(update={"teacher": told})
    return chosen, mix.wanted(chosen)


def changed(chosen: Profile, name: str, value: str) -> dict[str, Any]:
    """The values of the profile that a word stands for."""
    if name == "raw":
        return NO_STUDY
    if name == "textless":
        return NO_TEXT
    if name == "end":
        return TO_THE_END
    if name == "rate":
        return {"learning_rate": chosen.learning_rate * float(value)}
    if name == "rank":
        return {"rank": int(value), "alpha": 2 * int(value)}
    if name in SHORT:
        return {SHORT[name]: value}
    if name in {"study", "long", "wordings", "only", "without"}:
        return {}
    if name in Profile.model_fields:
        return {name: value}
    msg = f"{name} is no word of a condition"
    raise SystemExit(msg)


def limited(pod: Pod, studied: ArtifactRef, parts: list[tuple[str, str]]) -> ArtifactRef:
    """The study rows that the words leave."""
    asked = sorted(part for part in parts if part[0] in {"only", "without", "wordings"})
    if not asked:
        return studied
    kept = [_KEPT[name](value) for name, value in asked]

    def make(folder: Path) -> dict[str, object]:
        rows = read_study_rows(pod.store.open(studied))
        left = [row for row in rows if all(keeps(row) for keeps in kept)]
        lines = (f"{row.model_dump_json()}\n" for row in left)
        (folder / STUDY_FILE).write_text("".join(lines), encoding="utf-8")
        return {"rows": len(left)}

    return pod.store.once("study", LIMITED, {"study": studied, "asked": asked}, make)


def is_of(row: StudyRow, kind: str) -> bool:
    """Whether the row is of a kind, or made by such rules."""
    if kind == "tables":
        return "one-column" in row.checks
    if kind == "sentences":
        return "stands-alone" in row.checks
    return row.kind == kind


_KEPT: dict[str, Callable[[str], Callable[[StudyRow], bool]]] = {
    "only": lambda kind: lambda row: is_of(row, kind),
    "without": lambda kind: lambda row: not is_of(row, kind),
    "wordings": lambda some: lambda row: row.wording < int(some),
}
