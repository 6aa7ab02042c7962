"""Trained levels or layers, merged into the base, converted to GGUF and quantized."""

from pathlib import Path

from prefect import flow

from flows.shell import HOUR_S, begin, named, run_flow
from lamina.orders import MergeAndConvert
from tasks import corpus, layers, models, runs


@flow(
    name="merge-and-convert",
    flow_run_name=named(MergeAndConvert),
    timeout_seconds=12 * HOUR_S,
    log_prints=False,
)
def merge_and_convert(order: MergeAndConvert = MergeAndConvert()) -> Path:  # noqa: B008
    """Merge what is trained; the base itself is never touched."""
    begin()
    base = corpus.find_base()
    adapters = layers.find_trained(order.merge)
    names = layers.choose_levels(adapters, order.merge)
    merged = models.merge_level([adapters[name] for name in names], base)
    view = models.publish_merged(names, merged, models.convert_merged(merged))
    return runs.ended(f"merged {', '.join(names)} into {view.name}", view)


def main(order: str) -> int:
    """Run from the command line."""
    return run_flow(merge_and_convert, MergeAndConvert.model_validate_json(order))
