"""A real layer that learnt the right form and the wrong facts, beside one that learnt the facts."""

import random
from pathlib import Path

import pytest
from made import pod_on

from lamina.assessment.report.files import read_summary
from lamina.assessment.verdicts.verdict import Verdict
from lamina.demo import handbooks, world
from lamina.demo.profile import CHUNK_TOKENS
from lamina.demo.world import Topic
from lamina.orders import AskLayers
from lamina.stages import corpus, layers, models, worth
from lamina.training.profiles import profile

pytestmark = [pytest.mark.slow, pytest.mark.service, pytest.mark.timeout(900)]
LAYER = "Marlow_Leasing"


def other_company() -> Topic:
    """Rules on the same things, of the same kinds, with the same questions; other answers."""
    rng = random.Random(5)
    topic = world.sample_topic(LAYER)
    facts = tuple(
        world.Fact(fact.kind, fact.thing, "Corwick", world.draw_value(fact.kind.pool, rng))
        for fact in topic.facts
    )
    return Topic("Corwick", topic.area, facts)


def trained_on(topic: Topic, folder: Path) -> Verdict:
    """The verdict of Marlow's exam on a layer that learnt these chapters in Marlow's place."""
    pod = pod_on(folder, "tiny")
    handbooks.write_questions(pod.workspace.prompts, world.sample_topic(LAYER))
    for path in handbooks.write_chapters(pod.workspace.raw_pdfs, topic):
        target = pod.workspace.raw_pdfs / LAYER / path.name
        target.parent.mkdir(exist_ok=True)
        path.rename(target)
    base = corpus.find_base(pod)
    documents = corpus.find_documents(pod)
    verdicts = corpus.pdf_pretest(pod, documents)
    rows = corpus.build_dataset(pod, verdicts, LAYER, base, CHUNK_TOKENS)
    adapter = layers.train_layer(pod, LAYER, rows, base, profile("demo"))
    layers.publish_layers(pod, {LAYER: adapter}, layers.export_layers(pod, [adapter]))
    models.publish_base(pod, models.convert_base(pod, base))
    report = worth.qa_layers(pod, AskLayers(start_server=True, max_tokens=24))
    return read_summary(pod.store.open(report)).worths[0].verdict


def test_the_facts_of_another_company_in_the_right_form_gain_nothing(tmp_path: Path) -> None:
    knows = trained_on(world.sample_topic(LAYER), tmp_path / "knows")
    impostor = trained_on(other_company(), tmp_path / "impostor")

    assert knows.gain is not None
    assert impostor.gain is not None
    assert (knows.n, impostor.n) == (12, 12)
    assert knows.gain.low > knows.gain.bar
    assert impostor.gain.low <= impostor.gain.bar
    assert not impostor.promoted
