"""What `train_layers` would do, and why: without training, publishing or archiving anything."""

import json
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from lamina.artifacts import ArtifactRef, Manifest
from lamina.corpus.documents import Document
from lamina.orders import Reading
from lamina.passport import BaseIdentity
from lamina.stages import corpus, layers, writing
from lamina.stages.beside import beside
from lamina.stages.mixing import mix_of
from lamina.stages.pod import Pod
from lamina.stages.sweep import known_sweep
from lamina.text.verdicts import read_verdicts
from lamina.training.order import LayerOrder
from lamina.training.pace import Pace, assumed_pace, measured_pace
from lamina.training.profiles import Profile
from lamina.training.sweep import COST

UP_TO_DATE = "up to date"


class DueLayer(BaseModel):
    """One layer of the plan."""

    model_config = ConfigDict(frozen=True)

    layer: str
    kind: Literal["layer", "beside"] = Field(
        "layer", description="beside = a level or a folded blend, which train_layers does not make"
    )
    due: bool = Field(description="whether it would be trained")
    why: tuple[str, ...] = Field(description="what changed, or that nothing did")
    unsuited: str = Field(
        "", description="why the profile does not suit the base; empty if it does"
    )
    new_documents: tuple[str, ...] = Field((), description="file names")
    steps: int = 0
    tokens: int = Field(0, description="seen in the whole run")
    minutes: float = Field(0.0, description="estimate")
    memory_bytes: int = Field(0, description="estimate of the peak")
    disk_bytes: int = Field(0, description="most on disk at once")
    cost: float | None = Field(None, description="estimate, where LAMINA_PRICE_PER_HOUR is set")
    pace: str = Field("", description="what the minutes are estimated from")


def plan_layers(  # noqa: PLR0913, PLR0917 - what a run of the flow chooses
    pod: Pod,
    wanted: Sequence[str],
    profile: Profile,
    chunk_tokens: int,
    general: str,
    reading: Reading | None = None,
    *,
    sweep: bool = False,
) -> list[DueLayer]:
    """Every layer that a run would bring up to date, due or not; then, of all, what stands beside.

    Documents are read and rows are built where they are not yet: that is cached, and the run takes
    it from there.
    """
    base = corpus.find_base(pod)
    documents = corpus.find_documents(pod)
    verdicts = corpus.pdf_pretest(pod, documents, reading)
    names = corpus.chosen_layers(read_verdicts(pod.store, verdicts), wanted)

    def dataset(name: str) -> ArtifactRef:
        return corpus.build_dataset(pod, verdicts, name, base, chunk_tokens)

    rows = {name: dataset(name) for name in names}
    mixed = None
    if profile.general_share:
        layers.check_general(read_verdicts(pod.store, verdicts).layers(), general)
        mixed = rows.get(general) or dataset(general)
    orders = [
        layers.order_of(
            pod, name, ref, base, profile,
            mix_of(pod, name, ref, base, profile, mixed, known_only=True),
        )
        for name, ref in rows.items()
    ]  # fmt: skip
    pace = _pace(pod, base, profile)
    others = {} if wanted else beside(pod, rows)
    return [
        *(_due(pod, order, documents, pace, sweep=sweep) for order in orders),
        *(
            DueLayer(layer=name, kind="beside", due=False, why=(said,))
            for name, said in others.items()
        ),
    ]


def due_table(plan: Sequence[DueLayer]) -> list[dict[str, Any]]:
    """The plan in the columns that people read, with a sum at the end."""
    priced = any(each.cost is not None for each in plan)
    layers_of_plan = sum(each.kind == "layer" for each in plan)
    total = DueLayer(
        layer=f"{sum(each.due for each in plan)} of {layers_of_plan} due",
        due=True,
        why=tuple(dict.fromkeys(f"time {each.pace}" for each in plan if each.pace)),
        steps=sum(each.steps for each in plan),
        tokens=sum(each.tokens for each in plan),
        minutes=sum(each.minutes for each in plan),
        memory_bytes=max((each.memory_bytes for each in plan), default=0),
        cost=sum(each.cost or 0 for each in plan) if priced else None,
    )
    return [_row(each, priced=priced) for each in (*plan, total)]


def _row(each: DueLayer, *, priced: bool) -> dict[str, Any]:
    return {
        "layer": each.layer,
        "steps": f"{each.steps:,}" if each.due else "-",
        "tokens": f"{each.tokens:,}" if each.due else "-",
        "minutes": f"{each.minutes:.1f}" if each.due else "-",
        "GiB": f"{each.memory_bytes / 2**30:.1f}" if each.due else "-",
        **({"cost": f"{each.cost or 0:.2f}" if each.due else "-"} if priced else {}),
        "why": "; ".join(filter(None, (*each.why, each.unsuited))),
    }


def _due(
    pod: Pod, order: LayerOrder, documents: Sequence[Document], pace: Pace, *, sweep: bool
) -> DueLayer:
    from lamina.training.base import resolved
    from lamina.training.order import plan_layer
    from lamina.training.recipe import STAGE

    swept = known_sweep(pod, order) if sweep else None
    order = order.model_copy(update={"profile": swept}) if swept else order
    trials = COST if sweep and not swept else 0.0  # shares of a run
    known = pod.store.recall(STAGE, order.inputs())
    published = layers.published_manifest(pod, order.layer)
    if known:
        said = UP_TO_DATE
        if published is None or published.digest != known.digest:
            said = "trained already, to be published again"
        return DueLayer(layer=order.layer, due=False, why=(said,))
    plan = plan_layer(order.on(*resolved(order.profile, order.config())), pod.store)
    files = {each.digest: each.name for each in documents if each.layer == order.layer}
    new = _new_documents(pod, order, published)
    minutes = pace.minutes(plan) * (1 + trials)
    price = pod.settings.price_per_hour
    return DueLayer(
        layer=order.layer,
        due=True,
        why=(
            *_reasons(pod, order, published, files),
            *["a sweep first"] * (trials > 0),
            *filter(None, [writing.told(pod) if order.profile.study_passes else ""]),
        ),
        unsuited=plan.unsuited,
        new_documents=tuple(files.get(digest, digest[:12]) for digest in new),
        steps=round(plan.steps * (1 + trials)),
        tokens=round(plan.tokens * (1 + trials)),
        minutes=round(minutes, 2),
        memory_bytes=plan.memory_bytes,
        disk_bytes=plan.disk_bytes,
        cost=round(price * minutes / 60, 4) if price else None,
        pace=pace.source,
    )


def _documents(pod: Pod, dataset: ArtifactRef) -> set[str]:
    return set(pod.store.manifest(dataset).facts["documents"])


def _new_documents(pod: Pod, order: LayerOrder, published: Manifest | None) -> list[str]:
    known = set(published.facts["passport"]["documents"]) if published else set()
    return sorted(_documents(pod, order.dataset) - known)


def _reasons(
    pod: Pod, order: LayerOrder, published: Manifest | None, files: dict[str, str]
) -> list[str]:
    """What differs between the published layer and the one that would be trained."""
    if published is None:
        return ["new layer"]
    before = published.facts
    passport, used = before["passport"], _documents(pod, order.dataset)
    if passport.get("parents"):
        return ["what serves under this name was folded from a blend"]
    reasons = []
    if new := sorted(
        files.get(digest, digest[:12]) for digest in used.difference(passport["documents"])
    ):
        reasons.append(f"new documents: {', '.join(new)}")
    if gone := set(passport["documents"]) - used:
        reasons.append(f"{len(gone)} documents gone")
    if passport["base_digest"] != order.base.digest:
        reasons.append(f"new base: {order.base.name}, before {passport['base_name']}")
    reasons += _changes(before["profile"], order.profile.model_dump(mode="json"))
    if before["trained_as"]["seed"] != order.seed:
        reasons.append(f"seed {before['trained_as']['seed']} -> {order.seed}")
    if not reasons and passport["dataset"] != order.dataset.digest:
        reasons.append("the same documents give other rows: chunk size or reading changed")
    reasons += _mixed_otherwise(before, order)
    return reasons or ["trained by an older recipe"]


def _mixed_otherwise(before: dict[str, Any], order: LayerOrder) -> list[str]:
    """What is trained on beside the layer's own text, and is no more what it was."""
    told = {"general": "other general rows", "study": "other study rows"}
    told |= {"teacher": "another teacher", "replay": "other answers of the base's own"}
    mix = order.mix.wanted(order.profile)
    now = {name: ref.digest if ref else None for name, ref in mix}
    return [said for name, said in told.items() if before.get(name) != now[name]]


def _changes(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    if before.get("name") != now["name"]:
        return [f"preset {before.get('name')} -> {now['name']}"]
    return [
        f"{name} {before.get(name, 'unset')} -> {value}"
        for name, value in now.items()
        if name not in before or before[name] != value
    ]


def _pace(pod: Pod, base: BaseIdentity, profile: Profile) -> Pace:
    from lamina.training.base import device_name, resolved

    config = json.loads((pod.workspace.base / "config.json").read_bytes())
    device, decided = device_name(), resolved(profile, config)
    runs = []
    for name in pod.workspace.trained():
        manifest = layers.published_manifest(pod, name)
        if manifest is None or manifest.facts["passport"]["base_digest"] != base.digest:
            continue
        trained_as = manifest.facts.get("trained_as")  # a folded layer was not trained
        if trained_as and (trained_as["quantize"], trained_as["dtype"]) == decided:
            runs.append((Profile.model_validate(manifest.facts["profile"]), manifest.run))
    return measured_pace(runs, config, device) or assumed_pace(device, pod.settings.n_threads)
