"""What stages made, as the pieces of a command's closing summary."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lamina.artifacts import ArtifactRef
from lamina.corpus.archive import ArchiveReport
from lamina.stages.pod import Pod
from lamina.store import MANIFEST
from lamina.summary import Figure, Made, Moved, Summary


def of_layers(pod: Pod, adapters: Mapping[str, ArtifactRef], since_s: float) -> Summary:
    """Published layers with their losses; those made before `since_s` were up to date."""
    return Summary(
        made=tuple(
            Made(
                name=name,
                path=_place(pod, name),
                figures=_losses(pod, ref),
                new=_is_new(pod, ref, since_s),
            )
            for name, ref in adapters.items()
        )
    )


def of_file(pod: Pod, name: str, view: Path, ref: ArtifactRef, since_s: float) -> Summary:
    """A model's file where people look for it."""
    size = {"bytes": view.stat().st_size} if view.is_file() else {}
    return Summary(made=(Made(name, view, size, new=_is_new(pod, ref, since_s)),))


def of_merged(
    pod: Pod, layers: Sequence[str], view: Path, ref: ArtifactRef, since_s: float
) -> Summary:
    """A merged model, which is served only where it is named."""
    told = of_file(pod, f"merged {'+'.join(layers)}", view, ref, since_s)
    return told + Summary(next=(f"lamina serve --model {view}",))


def of_archive(pod: Pod, report: ArchiveReport) -> Summary:
    """The PDFs that left the inbox."""
    moved = (Moved(report.moved, pod.workspace.archive),) if report.moved else ()
    return Summary(moved=moved)


def of_report(pod: Pod, page: Path, report: ArtifactRef) -> Summary:
    """The report, and its headline in figures; what changed, where it was held against another."""
    from lamina.assessment.report.files import CHANGES, read_changes, read_summary

    folder = pod.store.open(report)
    summary = read_summary(folder)
    auto = {"auto": summary.auto.model_dump(mode="json")} if summary.auto else None
    made = [Made("report", page, summary.headline.model_dump(), content=auto)]
    if changes := read_changes(folder):
        content = changes.model_dump(mode="json")
        path = page.with_name(CHANGES)
        made.append(Made("what changed", path, changes.counts, content=content))
    return Summary(made=tuple(made))


def of_decisions(pod: Pod, rows: Sequence[Mapping[str, Any]]) -> Summary:
    """What became of each candidate, and why."""
    return Summary(
        made=tuple(
            Made(
                f"{row['layer']} {row['decision']}",
                pod.workspace.versions / f"{row['layer']}.jsonl",
                {"version": row["version"], "because": row["why"]},
            )
            for row in rows
        )
    )


def _place(pod: Pod, layer: str) -> Path:
    exported = pod.workspace.adapters_gguf / f"{layer}.gguf"
    return exported if exported.exists() else pod.workspace.adapters_peft / layer


def _losses(pod: Pod, adapter: ArtifactRef) -> dict[str, Figure]:
    facts = pod.store.manifest(adapter).facts
    passport = facts["passport"]
    figures = {
        "held-out loss": passport.get("heldout_loss"),
        "of the base": passport.get("heldout_loss_base"),
    }
    if "plan" in facts:
        figures["kept step"] = f"{facts['kept_step']} of {facts['plan']['steps']}"
    return figures


def _is_new(pod: Pod, ref: ArtifactRef, since_s: float) -> bool:
    return (pod.store.path(ref) / MANIFEST).stat().st_mtime >= since_s
