"""Against Lamina's own server, on the smallest base that llama.cpp serves."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "serving"))  # its builders serve here, too

from matrix_runs import Run
from qa_samples import topic_of
from tiny_gguf import write_base, write_layer

from lamina.assessment.asking.client import Client, Via
from lamina.assessment.asking.order import QaOrder
from lamina.assessment.assess import qa_layers
from lamina.assessment.exam.asked import Read
from lamina.assessment.exam.blend import Blend, parse_blend
from lamina.assessment.exam.sampling import Sampling
from lamina.assessment.report.files import read_report
from lamina.assessment.report.records import AnswerRecord, AnyRecord, ChoiceRecord, LossRecord
from lamina.errors import MismatchError, NotFoundError
from lamina.passport import profile
from lamina.progress import Silent
from lamina.serving.launch import running_server
from lamina.store import Store
from lamina.text.rows import Row

pytestmark = pytest.mark.timeout(60)
SAMPLING = Sampling(max_tokens=8, system=None)
TAUGHT = {
    "Leases": "The lease term is paid in March, and every lease is paid once a year.",
    "Goodwill": "Goodwill is tested once a year, and the controller approves every write off.",
}


@pytest.fixture(scope="module")
def pod(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base, a layer that changes much, one that changes nothing."""
    folder = tmp_path_factory.mktemp("pod")
    (folder / "adapters").mkdir()
    base = write_base(folder / "base.gguf")
    for seed, (name, text) in enumerate(TAUGHT.items(), start=1):
        row = Row(layer=name, split="train", kind="text", text=text, document="d", pages=(1, 1))
        told = profile.of_rows([row])
        write_layer(folder / "adapters" / f"{name}.gguf", base, seed=seed, profile=told)
    write_layer(folder / "adapters" / "Idle.gguf", base, seed=3, strength=1e-12)
    return folder


@pytest.fixture(scope="module")
def url(pod: Path) -> Iterator[str]:
    with running_server(
        pod / "base.gguf", adapters=pod / "adapters", n_ctx=256, n_threads=1, n_parallel=2
    ) as address:
        yield address


NAMES = ("base", "Leases", "Idle", "Leases:0.5+Goodwill:0.5")


@pytest.fixture(scope="module")
def by_adapters(url: str, tmp_path_factory: pytest.TempPathFactory) -> list[AnyRecord]:
    return measure(url, "adapters", tmp_path_factory.mktemp("cells"))


def measure(url: str, via: Via, folder: Path) -> list[AnyRecord]:
    run = Run(url, folder, (topic_of("Leases"),), NAMES, sampling=SAMPLING)
    assert run.fill(via) == ()
    return run.records()


def texts(records: list[AnyRecord], blend: str) -> list[str]:
    return [
        record.answer
        for record in records
        if isinstance(record, AnswerRecord) and record.blend == blend
    ]


def losses(records: list[AnyRecord], blend: str) -> list[float]:
    return [
        record.loss
        for record in records
        if isinstance(record, LossRecord) and record.blend == blend
    ]


def margins(records: list[AnyRecord], blend: str) -> list[float]:
    return [
        record.margin
        for record in records
        if isinstance(record, ChoiceRecord) and record.blend == blend
    ]


def test_the_default_blend_and_the_models_name_measure_the_same(
    url: str, by_adapters: list[AnyRecord], tmp_path: Path
) -> None:
    by_model = measure(url, "model", tmp_path)

    for blend in ("base", "Leases", "Idle", "Leases:0.5+Goodwill:0.5"):
        assert texts(by_model, blend) == texts(by_adapters, blend)
        assert losses(by_model, blend) == pytest.approx(losses(by_adapters, blend), abs=1e-3)
        assert margins(by_model, blend) == pytest.approx(margins(by_adapters, blend), abs=1e-3)


def test_layers_change_answers_and_losses(by_adapters: list[AnyRecord]) -> None:
    assert texts(by_adapters, "Leases") != texts(by_adapters, "base")
    assert texts(by_adapters, "Leases:0.5+Goodwill:0.5") != texts(by_adapters, "Leases")
    assert losses(by_adapters, "Leases") != pytest.approx(losses(by_adapters, "base"), abs=0.1)
    assert margins(by_adapters, "Leases") != pytest.approx(margins(by_adapters, "base"), abs=0.1)


def test_a_layer_without_effect_scores_as_the_base_to_the_last_bit(
    by_adapters: list[AnyRecord],
) -> None:
    assert margins(by_adapters, "Idle") == margins(by_adapters, "base")


def test_times_and_counts_are_measured(by_adapters: list[AnyRecord]) -> None:
    answers = [record for record in by_adapters if isinstance(record, AnswerRecord)]

    assert all(0 < answer.first_token_s <= answer.total_s for answer in answers)
    assert all(1 <= answer.n_tokens <= SAMPLING.max_tokens for answer in answers)
    assert all(answer.n_prompt_tokens > 5 for answer in answers)


def test_a_row_is_scored_alike_alone_and_among_others(url: str) -> None:
    rows = [Read(row.text) for row in topic_of("Leases").heldout]
    with Client(url) as client:
        together = client.score(rows, parse_blend("Leases"))
        alone = [client.score([row], parse_blend("Leases"))[0] for row in rows]

    assert [count for _, count in alone] == [count for _, count in together]
    assert [value for value, _ in alone] == pytest.approx(
        [value for value, _ in together], abs=1e-2
    )


def test_an_answer_to_a_question_is_scored_after_it(url: str) -> None:
    with Client(url) as client:
        (bare, n_bare), (after, n_after) = client.score(
            [Read("the lease term"), Read("the lease term", "what is paid in March?")], Blend()
        )

    assert n_after >= n_bare  # the end of the answer counts, too
    assert after != pytest.approx(bare)


def test_the_stage_finds_the_layer_without_effect(
    url: str, pod: Path, prompts: Path, heldout: Path, tmp_path: Path
) -> None:
    store = Store(tmp_path / "store")
    order = QaOrder(
        server_url=url,
        prompts=prompts,
        heldout=(heldout,),
        adapters=pod / "adapters",
        model=pod / "base.gguf",
        general=False,
        sampling=SAMPLING,
    )

    summary, records = read_report(store.open(qa_layers(order, store=store, progress=Silent())))

    verdicts = {worth.name: worth.verdict.word.value for worth in summary.worths}
    assert verdicts["Idle"] == "no effect"
    assert verdicts["Leases"] != "no effect"
    each = 8 + 8 + 8  # answers, choices and rows of a topic
    few = 4 + 4 + 4
    assert len(records) >= 3 * each + 3 * (each + 2 * few)


def test_the_server_says_whom_it_finds_without_an_answer(url: str) -> None:
    with Client(url) as client:
        assert client.finds()
        found = [
            client.find(one).name
            for one in ("When is the lease term paid?", "Who approves a write off of goodwill?")
        ]

        assert found == ["Leases", "Goodwill"]
        assert client.find("What is 6 times 7?") == Blend()


def test_the_servers_default_is_as_it_was(url: str, tmp_path: Path) -> None:
    with Client(url) as client:
        client.set_default(parse_blend("Goodwill:0.5"))
        measure(url, "adapters", tmp_path)
        shares = {layer.name: layer.scale for layer in client.layers()}
        client.set_default(Blend())

    assert shares == {"Goodwill": 0.5, "Leases": 0.0, "Idle": 0.0}


def test_a_layer_of_another_base_is_an_error(
    url: str, pod: Path, prompts: Path, tmp_path: Path
) -> None:
    other = write_base(tmp_path / "other.gguf", seed=9)
    stranger = write_layer(pod / "adapters" / "Stranger.gguf", other, seed=4)
    order = QaOrder(server_url=url, prompts=prompts, sampling=SAMPLING, general=False)
    try:
        with pytest.raises(MismatchError, match="Stranger"):
            qa_layers(order, store=Store(tmp_path / "store"), progress=Silent())
    finally:
        stranger.unlink()


def test_a_layer_nobody_knows_is_the_servers_404(url: str) -> None:
    with Client(url) as client, pytest.raises(NotFoundError, match="Nobody"):
        client.ask("what?", parse_blend("Nobody"), SAMPLING)
