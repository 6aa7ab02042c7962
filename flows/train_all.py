"""The three levels over the whole corpus, the best one merged, converted and quantized."""

from collections.abc import Mapping

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from blocks.in_force import training_profile
from flows.shell import HOUR_S, begin, named, run_flow
from lamina.artifacts import ArtifactRef
from lamina.orders import TrainAll
from lamina.passport import BaseIdentity
from lamina.stages.layers import check_failures
from lamina.stages.levels import check_merge, whole_corpus
from tasks import corpus, landing, layers, mixing, models, runs
from tasks.each import each


@flow(
    name="train-all", flow_run_name=named(TrainAll), timeout_seconds=72 * HOUR_S, log_prints=False
)
def train_all(order: TrainAll = TrainAll()) -> Mapping[str, ArtifactRef]:  # noqa: B008
    """Train the levels, merge the best, and give the merged model as GGUF beside the base."""
    begin()
    check_merge(order.levels, order.merge)
    landing.fetch_landed()
    found = corpus.read(order.reading)
    names = corpus.choose_layers(found.verdicts, [])
    rows = [
        corpus.build_dataset(found.verdicts, name, found.base, order.chunk_tokens) for name in names
    ]
    whole = corpus.combine_datasets(rows)
    corpus.publish_datasets([whole])
    failed: dict[str, str] = {}
    orders = {level: (level, order, whole, found.base) for level in order.levels}
    adapters = each(train_level, orders, failed, layers.at_once())
    layers.end_training()
    layers.publish_layers(adapters)
    check_failures(failed, adapters)
    best = layers.choose_levels(adapters, order.merge)
    merged = models.merge_level([adapters[level] for level in best], found.base)
    models.publish_merged(best, merged, models.convert_merged(merged))
    models.publish_base(models.convert_base(found.base))
    if order.archive:
        corpus.archive_pdfs(found.documents, [whole])
    return runs.ended(f"trained: {', '.join(adapters)}; merged: {', '.join(best)}", adapters)


@task(cache_policy=NO_CACHE, task_run_name="{level}")
def train_level(level: str, order: TrainAll, whole: ArtifactRef, base: BaseIdentity) -> ArtifactRef:
    """One level over the whole corpus."""
    chosen = whole_corpus(training_profile(level, order.overrides)).with_rate(order.rate_factor)
    return layers.train_layer(level, whole, base, chosen, mixing.mix("all", whole, base, chosen))


def main(order: str) -> int:
    """Run from the command line."""
    return run_flow(train_all, TrainAll.model_validate_json(order))
