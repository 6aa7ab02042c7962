"""What `train_layers` would do, and why: without training, publishing or archiving anything."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from lamina.artifacts import ArtifactRef
from lamina.corpus.documents import Document
from lamina.handover.heads import Head
from lamina.orders import Reading
from lamina.passport import BaseIdentity
from lamina.stages import corpus, handover, layers, study, writing
from lamina.stages.beside import beside
from lamina.stages.mixing import mix_of
from lamina.stages.parity import parity_view
from lamina.stages.pod import Pod
from lamina.stages.reasons import NEW, new_documents, reasons
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
    due: bool = Field(description="whether it would be trained, published or handed over")
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

    @property
    def brief(self) -> str:
        """Why it is due, for the name of a run: the documents that are new, else all reasons."""
        news = len(self.new_documents)
        what = "PDF" if all(one.endswith(".pdf") for one in self.new_documents) else "document"
        counted = f"{news} new {what}{'s' * (news > 1)}"
        first = self.why[0] if self.why else ""
        if first == NEW:
            return f"{NEW}, {counted}"
        return counted if news else "; ".join(self.why)


def plan_layers(  # noqa: PLR0913, PLR0917 - what a run of the flow chooses
    pod: Pod,
    wanted: Sequence[str],
    profile: Profile,
    chunk_tokens: int,
    general: str,
    reading: Reading | None = None,
    *,
    sweep: bool = False,
    ladder: bool = False,
    costs: bool = True,
) -> list[DueLayer]:
    """Every layer that a run would bring up to date, due or not; then, of all, what stands beside.

    Store, archive and depot are asked; with `ladder` a layer without its parity ladder is due, too.
    Documents are read and rows are built where they are not yet: that is cached, and the run takes
    it from there. Without `costs` no torch is loaded.
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
    depot = handover.newest_heads(pod, handover.LAYERS) if handover.has_depot(pod) else None
    pace = cache(lambda: _pace(pod, base, profile))
    due = partial(_due, pod, documents, pace, depot, (sweep, ladder, costs))
    others = {} if wanted else beside(pod, rows)
    return [
        *map(due, orders),
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


def _due(  # noqa: PLR0913, PLR0917 - what is the same for all layers, then the layer
    pod: Pod,
    documents: Sequence[Document],
    find_pace: Callable[[], Pace],
    depot: Mapping[str, Head] | None,
    wants: tuple[bool, bool, bool],
    order: LayerOrder,
) -> DueLayer:
    from lamina.training.recipe import STAGE

    sweep, ladder, costs = wants
    swept = known_sweep(pod, order) if sweep else None
    order = order.model_copy(update={"profile": swept}) if swept else order
    trials = COST if sweep and not swept else 0.0  # shares of a run
    known = pod.store.recall(STAGE, order.inputs())
    published = layers.published_manifest(pod, order.layer)
    head = (depot or {}).get(f"{handover.LAYERS}/{order.layer}")
    key = STAGE.key(order.inputs())
    there = head and head.facts.get(handover.TRAINED_AS) == key
    if known and not trials:
        left = ""
        if published is None or published.digest != known.digest:
            left = "trained already, to be published again"
        elif ladder and not parity_view(pod, order.layer).exists():
            left = "trained already, its ladder is to be climbed"
        elif depot is not None and not there:
            left = "trained already, to be handed over"
        elif order.profile.study_passes and study.is_unfinished(
            pod, order.layer, order.dataset, study.exam_questions(pod)
        ):
            left = "pages that were put off are tried again"
        return DueLayer(layer=order.layer, due=bool(left), why=(left or UP_TO_DATE,))
    damaged = published is not None and handover.made_as(published) == key
    if head and there and not trials and not damaged:
        why = f"trained by {head.host}, and in the depot"
        return DueLayer(layer=order.layer, due=False, why=(why,))
    files = {each.digest: each.name for each in documents if each.layer == order.layer}
    due = DueLayer(
        layer=order.layer,
        due=True,
        why=(
            *([] if known else reasons(pod, order, published, files)),
            *["a sweep first"] * (trials > 0),
            *filter(None, [writing.told(pod) if order.profile.study_passes else ""]),
        ),
        new_documents=tuple(
            files.get(digest, digest[:12]) for digest in new_documents(pod, order, published)
        ),
    )
    return due if not costs else due.model_copy(update=_costs(pod, order, trials, find_pace()))


def _costs(pod: Pod, order: LayerOrder, trials: float, pace: Pace) -> dict[str, Any]:
    from lamina.training.base import resolved
    from lamina.training.order import plan_layer

    plan = plan_layer(order.on(*resolved(order.profile, order.config())), pod.store)
    minutes = pace.minutes(plan) * (1 + trials)
    price = pod.settings.price_per_hour
    return {
        "unsuited": plan.unsuited,
        "steps": round(plan.steps * (1 + trials)),
        "tokens": round(plan.tokens * (1 + trials)),
        "minutes": round(minutes, 2),
        "memory_bytes": plan.memory_bytes,
        "disk_bytes": plan.disk_bytes,
        "cost": round(price * minutes / 60, 4) if price else None,
        "pace": pace.source,
    }


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
    if known := measured_pace(runs, config, device):
        return known
    return assumed_pace(device, pod.settings.n_threads, decided[1])
