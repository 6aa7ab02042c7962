"""The three levels over the whole corpus, the best one merged, converted and quantized."""

from collections.abc import Mapping

from prefect import flow

from blocks.in_force import obey, training_profile
from flows.shell import run_flow
from lamina.artifacts import ArtifactRef
from lamina.orders import TrainAll
from lamina.stages.layers import check_failures
from lamina.stages.levels import check_merge, whole_corpus
from tasks import corpus, landing, layers, models
from tasks.each import each
from tasks.mixing import mixes


@flow(name="train-all", log_prints=False)
def train_all(order: TrainAll = TrainAll()) -> Mapping[str, ArtifactRef]:  # noqa: B008
    """Train the levels, merge the best, and give the merged model as GGUF beside the base."""
    obey()
    check_merge(order.levels, order.merge)
    profiles = {
        level: whole_corpus(training_profile(level, order.overrides)).with_rate(order.rate_factor)
        for level in order.levels
    }
    landing.fetch_landed()
    base = corpus.find_base()
    documents = corpus.find_documents()
    verdicts = corpus.judge(documents, order.reading)
    corpus.publish_verdicts(documents, verdicts)
    names = corpus.choose_layers(verdicts, [])
    parts = [corpus.build_dataset(verdicts, name, base, order.chunk_tokens) for name in names]
    whole = corpus.combine_datasets(parts)
    corpus.publish_datasets([whole])
    failed: dict[str, str] = {}
    orders = {
        level: (level, whole, base, chosen, mix)
        for level, chosen in profiles.items()
        for mix in mixes(chosen, {"all": whole}, base, failed).values()
    }
    adapters = each(layers.train_layer, orders, failed, layers.at_once())
    layers.publish_layers(adapters)
    check_failures(failed, adapters)
    best = layers.choose_levels(adapters, order.merge)
    merged = models.merge_level([adapters[level] for level in best], base)
    models.publish_merged(best, merged, models.convert_merged(merged))
    models.publish_base(models.convert_base(base))
    if order.archive:
        corpus.archive_pdfs(documents, [whole])
    return adapters


def main(order: str) -> int:
    """Run from the command line."""
    return run_flow(train_all, TrainAll.model_validate_json(order))
