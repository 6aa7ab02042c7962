"""The typed grader beside exact match and F1, on answers made by code from two real exams.

    python benchmarks/grading.py --data ../shared/data

Right answers are references in other wordings (`tests/assessment/rewritten.py`); wrong ones come
from other references (`wrong.py` beside it). Exact match and F1 are the project's former graders:
SQuAD's, with numbers brought to one spelling first. Writes `benchmarks/results/grading.md`.
"""

import argparse
import re
import sys
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from statistics import fmean

from lamina.assessment.grading import GRADER, grade
from lamina.text.question_files import read_question_file
from lamina.text.questions import Question

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests" / "assessment"))
from rewritten import WAYS  # noqa: E402 - after its folder is known
from said import Agreement, agreement, said  # noqa: E402 - the same
from wrong import hidden, wrong_answers  # noqa: E402 - the same

SEEDS = (1, 2, 3, 4, 5)
N_WRONG = 2000
SCALES = {"%": "0.01", "percent": "0.01", "thousand": "1e3", "million": "1e6", "billion": "1e9"}
NUMBER = re.compile(r"([-+]?)[$€£¥]?(\d{1,3}(?:,\d{3})+|\d{1,30})?(\.\d{1,30})?(%?)\Z")
BRACKETS = re.compile(r"\(([$€£¥]?\d[\d,.]*)\)\Z")
END = ".,;:!?"


def main() -> None:
    """Grade everything and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=HERE.parents[1] / "shared" / "data")
    data: Path = parser.parse_args().data
    exams = {
        "TAT-QA": read([data / "qa_tatqa.jsonl"]),
        "exam": read(sorted(data.glob("exam/*.jsonl"))),
    }
    both = [question for exam in exams.values() for question in exam]
    parts = [
        HEAD.format(grader=GRADER, **{name.replace("-", ""): len(q) for name, q in exams.items()})
    ]
    parts.append(right_table(exams))
    parts.append(wrong_table(both))
    parts.append(said_table())
    parts.append(speed(both))
    text = "\n".join(parts)
    (HERE / "results" / "grading.md").write_text(text, encoding="utf-8")
    print(text)


HEAD = """# Grading

`python benchmarks/grading.py`, grader version {grader}. TAT-QA has {TATQA:,} distinct questions (of
1,668), the exam of the 25 topics {exam}. Exact match and F1 graded before; F1 of a right answer
should be 1. Whoever wrote the grader wrote these lists, too: they show what it is meant to do; what
models say besides is held by hand in `tests/assessment/test_grading.py` and below.
"""
# Of version 1 (commit c7643d5), on the same answers.
BEFORE = {
    "layers": Agreement(316, 109, 0.895, 0.780),
    "bare": Agreement(54, 19, 0.900, 0.474),
    "teacher": Agreement(54, 18, 1.000, 0.500),
    "page": Agreement(85, 17, 0.800, 0.471),
    "late": Agreement(47, 18, 0.889, 0.444),
}
SAID = """## What a model said: precision and recall

SmolLM2-135M-Instruct, our server, greedy; `tests/assessment/said.jsonl`. Precision: of the answers
graded right the share that a person calls right; recall: of those the share that is graded right.
Still wrong: an answer that comes after something else, and right words in a wrong sentence. With
version 1 a base that explains itself looked worse, and a layer gained by brevity alone.

| how it was asked | answers | right | version 1: precision | recall | now: precision | recall |
|---|---:|---:|---:|---:|---:|---:|"""
HOW = {
    "layers": "short answers asked for; base, layers, a blend; read before version 2 was written",
    "bare": "the base, asked without a word more",
    "teacher": "the base as a teacher who explains",
    "page": "the base with four sentences of a handbook",
    "late": "of all these, those that were read when version 2 was done",
}


def read(paths: Iterable[Path]) -> list[Question]:
    """All questions of the files."""
    return [question for path in paths for question in read_question_file(path).questions]


def right_table(exams: dict[str, list[Question]]) -> str:
    """Right answers: share that each grader takes, by wording."""
    lines = [
        "## Right answers in other words: share taken",
        "",
        "| wording | TAT-QA n | typed | exact | F1 | exam n | typed | exact | F1 |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, way in WAYS.items():
        cells = [cell for exam in exams.values() for cell in _right(exam, way)]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _right(questions: list[Question], way: Callable[[Question], str | None]) -> list[str]:
    answered = [(question, way(question)) for question in questions]
    pairs = [(question, answer) for question, answer in answered if answer is not None]
    if not pairs:
        return ["0", "", "", ""]
    typed = fmean(grade(answer, question).correct for question, answer in pairs)
    exact = fmean(normal(answer) == normal(question.answer) for question, answer in pairs)
    f1 = fmean(token_f1(answer, question.answer) for question, answer in pairs)
    return [str(len(pairs)), f"{typed:.1%}", f"{exact:.1%}", f"{f1:.2f}"]


def wrong_table(questions: list[Question]) -> str:
    """Wrong answers: share that each grader takes, by what is wrong."""
    typed: defaultdict[str, list[bool]] = defaultdict(list)
    exact: defaultdict[str, list[bool]] = defaultdict(list)
    f1: defaultdict[str, list[float]] = defaultdict(list)
    shares: list[float] = []
    for seed in SEEDS:
        made = [*wrong_answers(questions, N_WRONG, seed)]
        right = [grade(one.answer, one.question).correct for one in made]
        shares.append(fmean(right))
        for one, taken in zip(made, right, strict=True):
            typed[one.how].append(taken)
            exact[one.how].append(normal(one.answer) == normal(one.question.answer))
            f1[one.how].append(token_f1(one.answer, one.question.answer))
    for one in hidden(questions, seed=1):
        typed["Either X or another"].append(grade(one.answer, one.question).correct)
        exact["Either X or another"].append(normal(one.answer) == normal(one.question.answer))
        f1["Either X or another"].append(token_f1(one.answer, one.question.answer))
    rows = "\n".join(
        f"| {how} | {len(typed[how]):,} | {fmean(typed[how]):.2%} | {fmean(exact[how]):.2%} "
        f"| {fmean(f1[how]):.2f} |"
        for how in typed
    )
    spread = ", ".join(f"{share:.2%}" for share in shares)
    lines = [
        "## Wrong answers: share taken",
        "",
        f"Five lists of {N_WRONG:,} (seeds 1 to 5): typed takes {spread} of them.",
        "",
        "| what is wrong | n | typed | exact | F1 |",
        "|---|---:|---:|---:|---:|",
        rows,
    ]
    return "\n".join(lines) + "\n"


def said_table() -> str:
    """What SmolLM2 said, graded by a person: how this version and the one before agree."""
    lines = [SAID]
    answers = said()
    for by, how in HOW.items():
        now = agreement([one for one in answers if one.by == by or (by == "late" and one.late)])
        lines.append(f"| {how} | {now.n} | {now.right} | {_shares(BEFORE[by])} | {_shares(now)} |")
    return "\n".join(lines) + "\n"


def _shares(one: Agreement) -> str:
    return f"{one.precision:.3f} | {one.recall:.3f}"


def speed(questions: list[Question]) -> str:
    """How long a grade takes."""
    started = time.process_time()
    kinds = Counter(grade(f"It was {one.answer}.", one).kind for one in questions)
    each = (time.process_time() - started) / len(questions)
    named = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
    return f"Graded as: {named}. One grade takes {1e3 * each:.2f} ms on one core.\n"


def normal(text: str) -> str:
    """What exact match compares."""
    return " ".join(pieces(text)).rstrip(END + " ")


def token_f1(answer: str, reference: str) -> float:
    """SQuAD's F1 over words, numbers in one spelling."""
    given, wanted = words(answer), words(reference)
    if not given or not wanted:
        return float(given == wanted)
    common = sum((Counter(given) & Counter(wanted)).values())
    return 2 * common / (len(given) + len(wanted))


def words(text: str) -> list[str]:
    """Words without articles and punctuation."""
    bare = (
        piece if number(piece) is not None else re.sub(r"[^\w\s]", "", piece)
        for piece in (one.strip("\"'()[]{}" + END) for one in pieces(text))
    )
    return [word for word in bare if word and word not in {"a", "an", "the"}]


def pieces(text: str) -> list[str]:
    """Pieces between white space, numbers in one spelling, scale words taken in."""
    plain = unicodedata.normalize("NFKC", text).replace("\N{MINUS SIGN}", "-").casefold().strip()
    if bracketed := BRACKETS.match(plain.rstrip(END)):
        plain = f"-{bracketed[1]}"
    found: list[str] = []
    value: Decimal | None = None
    for piece in plain.split():
        core, tail = piece.rstrip(END), piece[len(piece.rstrip(END)) :]
        if value is not None and core in SCALES:
            value *= Decimal(SCALES[core])
            found[-1] = spelled(value) + tail
        else:
            value = number(core)
            found.append(piece if value is None else spelled(value) + tail)
        value = None if tail else value
    return found


def number(text: str) -> Decimal | None:
    """The number that a piece is."""
    match = NUMBER.match(text)
    if match is None or not (match[2] or match[3]):
        return None
    value = Decimal(f"{match[1]}{(match[2] or '0').replace(',', '')}{match[3] or ''}")
    return value * Decimal("0.01") if match[4] else value


def spelled(value: Decimal) -> str:
    """The shortest plain spelling."""
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


if __name__ == "__main__":
    main()
