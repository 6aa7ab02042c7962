"""The writer that a pod's settings name: tested once, left out where it is weak or away."""

from pathlib import Path

import pytest
from pods import Told, pod_on
from studied import dataset
from test_writer import answering, as_json
from writer_server import Desk, writer

from lamina.errors import InvalidInputError, NotFoundError
from lamina.gguf_writer import write_gguf
from lamina.stages import study, writing
from lamina.stages.pod import Pod
from lamina.stages.writing import PodsWriter
from lamina.study.writer.asking import Written

SOUND = as_json(
    Written("What was Velmora Textiles' operating lease cost in fiscal 2021?", "$47.3 million"),
    Written("When was the Braga mill of Velmora Textiles closed?", "In June 2021"),
    Written("Which discount rate did Velmora Textiles use in fiscal 2021?", "3.8%"),
)


def pod_with(folder: Path, **values: object) -> Pod:
    return pod_on(folder / "workspace", "tiny", Told(), **values)


def strategy_of(pod: Pod, *, known_only: bool = False) -> str | None:
    with PodsWriter(pod) as asked:
        found = writing.written(pod, asked, known_only=known_only)
    return found.writer if found else None


def test_a_pod_without_a_writer_has_none(tmp_path: Path) -> None:
    assert strategy_of(pod_with(tmp_path)) is None
    assert writing.told(pod_with(tmp_path)) == ""


def test_a_writer_is_tested_once_and_a_plan_does_not_ask_it(tmp_path: Path) -> None:
    with writer(answering(SOUND)) as desk:
        pod = pod_with(tmp_path, writer_url=desk.url, writer_model="able", writer_key="k")
        assert strategy_of(pod, known_only=True) is None
        assert (writing.told(pod), desk.asked) == ("the writer is tested first", [])

        assert strategy_of(pod) == "able"
        asked = len(desk.asked)
        assert strategy_of(pod) == strategy_of(pod, known_only=True) == "able"

    assert (len(desk.asked), writing.told(pod)) == (asked, "")
    assert set(desk.keys) == {"Bearer k"}


def test_a_weak_writer_is_left_out_and_that_is_said_also_in_the_plan(tmp_path: Path) -> None:
    with writer(answering("What is a lease?")) as desk:
        pod = pod_with(tmp_path, writer_url=desk.url)
        assert strategy_of(pod) is None

    assert "wrote 0 questions about a known page, 0 sound: too weak" in pod.progress.lines[-1]
    assert "too weak" in writing.told(pod)


def test_a_writer_that_is_away_is_left_out_for_this_time(tmp_path: Path) -> None:
    with writer(answering(SOUND), [(401, {})]) as desk:
        pod = pod_with(tmp_path, writer_url=desk.url)
        assert strategy_of(pod) is None
        assert "left out this time" in pod.progress.lines[-1]
        assert strategy_of(pod) == desk.url


def test_a_writers_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"LAMINA_WRITER_MODEL names nowhere\.gguf"):
        strategy_of(pod_with(tmp_path, writer_model="nowhere.gguf"))


def test_a_file_that_only_goes_on_with_texts_is_no_writer(tmp_path: Path) -> None:
    write_gguf(tmp_path / "plain.gguf", {"general.architecture": "llama"}, [], [])

    with pytest.raises(InvalidInputError, match=r"plain\.gguf, which has no chat template"):
        strategy_of(pod_with(tmp_path, writer_model=str(tmp_path / "plain.gguf")))


def test_a_plan_takes_what_rules_make_until_the_writer_has_written(tmp_path: Path) -> None:
    def answer(asked: str) -> str:
        if "Below is page" not in asked:
            return "I do not know."
        return SOUND if "Velmora" in asked else as_json(written)

    written = Written("How did Nike pay its rent in 2022?", "In cash")
    with writer(answer) as desk:
        pod = pod_with(tmp_path, writer_url=desk.url)
        of = dataset(pod.store, {"Nike": [("Nike paid all of its rent in cash in 2022.",)]})
        planned = study.known_study(pod, "Leases", of, ())
        made = study.study_layer(pod, "Leases", of, ())

    assert pod.store.manifest(planned).facts["strategies"] == {}
    assert pod.store.manifest(made).facts["strategies"] == {"writer": 1}
    assert study.known_study(pod, "Leases", of, ()) == made
    assert not study.is_unfinished(pod, "Leases", of, ())


def test_pages_that_were_put_off_leave_the_study_unfinished(tmp_path: Path) -> None:
    with writer(answering(SOUND)) as desk:
        pod = pod_with(tmp_path, writer_url=desk.url)
        strategy_of(pod)
        of = dataset(pod.store, {"Nike": [("Nike paid rent.",)]})
        _refuse(desk)
        study.study_layer(pod, "Leases", of, ())

        assert study.is_unfinished(pod, "Leases", of, ())
        assert "1 pages were put off" in pod.progress.lines[-1]


def _refuse(desk: Desk) -> None:
    desk.refusals.append((401, {}))
