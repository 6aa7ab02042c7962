"""One layer: trained, proved the same, exported, handed over, and its PDFs archived.

Nothing of it waits for another layer: a pod that is lost takes along what this one has not yet
written into its checkpoint. What was done for the same content, by whatever run, is not done again;
the PDFs are archived last, when all else stands.
"""

from prefect import flow

from blocks.in_force import training_profile
from flows.shell import HOUR_S, begin, named
from lamina.artifacts import ArtifactRef
from lamina.orders import TrainLayer
from tasks import corpus, landing, layers, mixing, models, parity, runs, sweep


@flow(
    name="train-layer",
    flow_run_name=named(TrainLayer),
    timeout_seconds=24 * HOUR_S,
    log_prints=False,
)
def train_layer(order: TrainLayer) -> ArtifactRef | None:
    """Bring one layer up to date with its PDFs, and hand it over."""
    begin()
    landing.fetch_landed()
    chosen = training_profile(order.profile, order.overrides)
    found = corpus.read(order.reading)
    rows = corpus.build_dataset(found.verdicts, order.layer, found.base, order.chunk_tokens)
    due = layers.due_layers(order, [order.layer], chosen)
    runs.call(order.called(due))
    if not due:
        return runs.ended("up to date", None)
    general = mixing.general_rows(chosen, order, found.verdicts, found.base)
    mix = mixing.mix(order.layer, rows, found.base, chosen, general)
    if order.sweep:
        chosen = sweep.sweep_layer(order.layer, rows, found.base, chosen, mix).profile
    adapter = layers.train_layer(order.layer, rows, found.base, chosen, mix)
    if order.check_parity:
        ladder = parity.measure_parity(order.layer, adapter, found.base, order.parity)
        parity.require_parity(order.layer, ladder)
    models.publish_base(models.convert_base(found.base))
    layers.publish_layers({order.layer: adapter})
    landing.push_layer(order.layer)
    if order.archive:
        corpus.archive_pdfs(found.of(order.layer), [rows])
    return runs.ended(layers.outcome(adapter), adapter)
