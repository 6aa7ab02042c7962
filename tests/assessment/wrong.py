"""Wrong answers made by code, without the grader: from the spelling of references alone."""

import random
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from rewritten import NUMBER, SCALES, is_numeric

from lamina.text.questions import Question


class Wrong(NamedTuple):
    """An answer that is wrong, and what is wrong with it."""

    question: Question
    answer: str
    how: str


def wrong_answers(questions: list[Question], n: int, seed: int) -> list[Wrong]:
    """Wrong answers in equal shares of each sort; every second one in a chat's sentence."""
    draw = random.Random(seed)
    makers = (_another, _another_digit, _another_scale, _another_sign)
    made: list[Wrong] = []
    for maker in makers:
        some = list(_made(maker, questions, draw, n // len(makers)))
        made.extend(some)
    return [
        one._replace(answer=f"The answer is {one.answer}.") if number % 2 else one
        for number, one in enumerate(made)
    ]


def hidden(questions: list[Question], seed: int) -> Iterator[Wrong]:
    """The right answer beside a wrong one of the same sort, so that one of them must be right."""
    draw = random.Random(seed)
    for question in questions:
        other = _another(question, questions, draw)
        if other is not None and question.type != "abstain" and len(question.answer.split()) < 8:
            yield Wrong(question, f"Either {question.answer} or {other.answer}", "hidden")


Maker = Callable[[Question, list[Question], random.Random], Wrong | None]


def _made(maker: Maker, questions: list[Question], draw: random.Random, n: int) -> Iterator[Wrong]:
    left = 50 * n
    while n and left:
        left -= 1
        wrong = maker(draw.choice(questions), questions, draw)
        if wrong is not None:
            n -= 1
            yield wrong


def _another(question: Question, questions: list[Question], draw: random.Random) -> Wrong | None:
    """Another question's answer of the same sort, unless it is the same in other words."""
    if question.type == "yes_no":
        return Wrong(question, "No" if question.answer == "Yes" else "Yes", "another's answer")
    other = draw.choice(questions)
    kinds = {other.type, question.type}
    if len(kinds) > 1 or "abstain" in kinds or is_numeric(question) != is_numeric(other):
        return None
    if any(_like(one, two) for one in question.answers for two in other.answers):
        return None
    return Wrong(question, other.answer, "another's answer")


def _like(one: str, two: str) -> bool:
    first, second = (sorted(set(re.findall(r"[\w.]+", text.casefold()))) for text in (one, two))
    small, large = sorted((first, second), key=len)
    return set(small) <= set(large)


def _another_digit(
    question: Question, _questions: list[Question], draw: random.Random
) -> Wrong | None:
    numbers = list(NUMBER.finditer(question.answer))
    if not numbers:
        return None
    number = draw.choice(numbers)
    at = draw.choice(
        [place for place in range(number.start(), number.end()) if question.answer[place].isdigit()]
    )
    digit = str((int(question.answer[at]) + draw.randint(1, 9)) % 10)
    answer = f"{question.answer[:at]}{digit}{question.answer[at + 1 :]}"
    return Wrong(question, answer, "another digit")


def _another_scale(
    question: Question, _questions: list[Question], draw: random.Random
) -> Wrong | None:
    found = list(re.finditer(r"thousand|million|billion", question.answer))
    if not found or not is_numeric(question):
        return None
    scale = draw.choice([one for one in SCALES if one != found[-1][0]])
    return Wrong(question, question.answer.replace(found[-1][0], scale), "another scale")


def _another_sign(
    question: Question, _questions: list[Question], _draw: random.Random
) -> Wrong | None:
    text = question.answer
    if not is_numeric(question) or question.type == "list" or re.search(r"\d{4}\Z", text):
        return None
    if re.search(r"from | to | by |[A-Z]\$|\A\D*0\D*\Z", text):
        return None
    if any(re.search(r"[(-]|loss", alias) for alias in question.aliases):  # both signs are right
        return None
    changed = re.sub(r"\((\d[\d,.]*)\)|(?<![\w)])-(\$?\d)", r"\1\2", text)
    if changed == text:
        changed = re.sub(r"\A(\D*?)([$€£]?\d)", r"\1-\2", text, count=1)
    return Wrong(question, changed, "another sign") if changed != text else None
