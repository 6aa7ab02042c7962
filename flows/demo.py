"""The main job on the sample handbooks: PDFs to a table of what each layer is worth."""

from prefect import flow

from flows.qa_layers import qa_layers
from flows.shell import close, named, print_states
from flows.train_all import train_all
from flows.train_layers import train_layers
from lamina.artifacts import ArtifactRef
from lamina.demo.profile import CHUNK_TOKENS, LESSONS, LEVEL_OVERRIDES, LEVEL_RATE_FACTOR
from lamina.orders import AskLayers, CheckParity, Demo, TrainAll, TrainLayers
from tasks import assessment, sample

LEVELS = TrainAll(
    chunk_tokens=CHUNK_TOKENS, rate_factor=LEVEL_RATE_FACTOR, overrides=LEVEL_OVERRIDES
)


def layers_on(base: str) -> TrainLayers:
    """The layers of the handbooks, trained as suits the base."""
    return TrainLayers(
        profile="demo",
        overrides=dict(LESSONS[base].overrides),
        chunk_tokens=CHUNK_TOKENS,
        parity=CheckParity(tokens=400, merged="no"),
        archive=False,
    )


@flow(name="demo", flow_run_name=named(Demo), log_prints=False)
def demo(order: Demo = Demo()) -> ArtifactRef:  # noqa: B008
    """Write the handbooks, make the layers, merge the best level, and ask everything."""
    sample.write_handbooks()
    train_layers(layers_on(order.base))
    if LESSONS[order.base].levels:
        train_all(LEVELS)
    return qa_layers(AskLayers(blends=sample.blends(), max_tokens=24, start_server=True))


@flow(name="demo-one-more-pdf", log_prints=False)
def demo_one_more_pdf(order: Demo = Demo()) -> None:  # noqa: B008
    """Add one PDF to one topic, bring the layers up to date, and take it away again."""
    with sample.one_more_pdf():
        train_layers(layers_on(order.base))
    train_layers(layers_on(order.base))


def main(order: str) -> int:
    """Run from the command line."""
    chosen = Demo.model_validate_json(order)
    report = demo(chosen)
    print_states()
    if chosen.prove_cache:
        sample.announce("Once more, nothing changed:")
        demo(chosen)
        print_states()
        sample.announce("Once more, with one PDF added to one topic, and then taken away again:")
        demo_one_more_pdf(chosen)
        print_states()
    proved = sample.proves(assessment.show_report(report))
    sample.tell_next(chosen.base)
    close()
    return 0 if proved else 1
