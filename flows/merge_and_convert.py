"""Trained levels or layers, merged into the base, converted to GGUF and quantized."""

from pathlib import Path

from prefect import flow

from blocks.in_force import obey
from flows.shell import run_flow
from lamina.orders import MergeAndConvert
from tasks import corpus, layers, models


@flow(name="merge-and-convert", log_prints=False)
def merge_and_convert(order: MergeAndConvert = MergeAndConvert()) -> Path:  # noqa: B008
    """Merge what is trained; the base itself is never touched."""
    obey()
    base = corpus.find_base()
    adapters = layers.find_trained(order.merge)
    names = layers.choose_levels(adapters, order.merge)
    merged = models.merge_level([adapters[name] for name in names], base)
    return models.publish_merged(names, merged, models.convert_merged(merged))


def main(order: str) -> int:
    """Run from the command line."""
    return run_flow(merge_and_convert, MergeAndConvert.model_validate_json(order))
