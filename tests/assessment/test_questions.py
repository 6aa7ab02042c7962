from pathlib import Path

import pytest
from qa_samples import row_of

from lamina.assessment.exam.questions import gather_topics, read_exam, spread
from lamina.errors import DamagedError, InvalidInputError, NotFoundError, ResourceError


def test_topics_come_from_prompts_and_held_out_rows(prompts: Path, heldout: Path) -> None:
    topics = gather_topics(prompts, (heldout,))

    assert [topic.name for topic in topics] == ["Goodwill", "Idle", "Leases"]
    assert {(len(topic.prompts), len(topic.heldout)) for topic in topics} == {(8, 8)}


def test_rows_are_spread_evenly_within_the_budget() -> None:
    rows = [row_of("A", number) for number in range(100)]  # four tokens each

    chosen = spread(rows, 40)

    assert [row.text.split()[-1] for row in chosen] == [str(10 * place) for place in range(10)]


def test_a_budget_of_nought_takes_no_rows(prompts: Path, heldout: Path) -> None:
    topics = gather_topics(prompts, (heldout,), heldout_tokens=0)

    assert all(not topic.heldout for topic in topics)


def test_a_row_longer_than_the_budget_is_taken_all_the_same() -> None:
    assert len(spread([row_of("A", 1)], 1)) == 1


def test_nothing_to_measure_is_an_error_that_shows_the_form(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match='"question"'):
        gather_topics(tmp_path)


def test_missing_held_out_rows_name_the_stage(prompts: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="lamina build_dataset"):
        gather_topics(prompts, (tmp_path / "none.jsonl",))


def test_broken_held_out_rows_are_damage(prompts: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("{}\n")

    with pytest.raises(DamagedError, match=r"rows\.jsonl"):
        gather_topics(prompts, (tmp_path / "rows.jsonl",))


@pytest.mark.parametrize(
    "line", ["no json", '{"question": "a"}', '{"question": "", "answer": "b"}']
)
def test_a_malformed_question_is_named_by_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "A.jsonl"
    path.write_text('{"question": "a", "answer": "b"}\n\n' + line)

    with pytest.raises(InvalidInputError, match=r"line 3 of .*A\.jsonl"):
        read_exam(path)


def test_a_question_file_of_no_known_layer_is_an_error_with_the_nearest_name(
    prompts: Path, heldout: Path
) -> None:
    (prompts / "Leases.jsonl").rename(prompts / "Leeses.jsonl")

    with pytest.raises(InvalidInputError, match=r"no such layer; the nearest is Leases: correct"):
        gather_topics(prompts, layers=("Leases", "Goodwill", "Idle"))
    with pytest.raises(InvalidInputError, match="the nearest is Leases"):
        gather_topics(prompts, (heldout,), layers=())


def test_a_questions_topic_counts_more_than_the_files_name(tmp_path: Path) -> None:
    (tmp_path / "exam.csv").write_text("question,answer,topic\nWho?,Nils,Leases\nWhy?,So,Debt\n")

    topics = gather_topics(tmp_path, layers=("Leases", "Debt"))

    assert {topic.name: topic.prompts[0].answer for topic in topics} == {
        "Debt": "So",
        "Leases": "Nils",
    }


def test_a_question_file_that_nobody_may_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "A.jsonl").mkdir()

    with pytest.raises(ResourceError, match=r"A\.jsonl cannot be read \(Is a directory\)"):
        gather_topics(tmp_path)
