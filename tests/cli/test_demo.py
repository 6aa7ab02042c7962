"""What `lamina demo` asks for before its flow begins."""

import json

import pytest
from command_line import Lamina, refuses

from lamina.cli import preflight
from lamina.orchestrate import flow_environment


@pytest.fixture
def real_base(lamina: Lamina) -> Lamina:
    """A folder where a real base was added before: it is not fetched again."""
    for workspace in ("workspace", "workspace-demo-real"):
        (lamina.folder / workspace / "models/bases/smollm2").mkdir(parents=True)
    return lamina


@pytest.mark.parametrize(
    ("words", "workspace", "base"),
    [((), "workspace-demo", "tiny"), (("--base", "smollm2"), "workspace-demo-real", "smollm2")],
)
def test_each_base_has_its_own_demo(
    real_base: Lamina, words: tuple[str, ...], workspace: str, base: str
) -> None:
    done = real_base("demo", *words)

    assert done.exit_code == 0, done.stderr
    assert real_base.started == [("demo", {"base": base, "prove_cache": False})]
    assert (real_base.folder / workspace / "data/raw_pdfs").is_dir()


def test_a_base_that_the_demo_does_not_know_is_told_with_the_known_ones(lamina: Lamina) -> None:
    refuses(lamina("demo", "--base", "gpt2"), "--base.*one of tiny, smollm2")
    assert lamina.started == []


@pytest.mark.parametrize(("threads", "workers"), [("2", "2"), ("64", "6")])
def test_a_real_bases_layers_are_trained_side_by_side_on_a_cpu(
    real_base: Lamina, monkeypatch: pytest.MonkeyPatch, threads: str, workers: str
) -> None:
    del real_base
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setenv("N_THREADS", threads)

    settings = preflight.for_demo("smollm2")

    assert flow_environment(settings, {})["LAMINA_TRAIN_WORKERS"] == workers


def test_who_says_how_many_workers_train_is_obeyed(
    real_base: Lamina, monkeypatch: pytest.MonkeyPatch
) -> None:
    del real_base
    monkeypatch.setenv("LAMINA_TRAIN_WORKERS", "1")

    assert preflight.for_demo("smollm2").train_workers == 1


def test_what_the_demo_says_to_run_next_finds_its_real_base(real_base: Lamina) -> None:
    real_base("demo", "--base", "smollm2")

    listed = real_base("--workspace", "workspace-demo-real", "base", "list", "--json")
    assert [(one["name"], one["in use"]) for one in json.loads(listed.stdout)] == [
        ("smollm2", "yes")
    ]
