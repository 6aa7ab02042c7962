"""A small exam of every type, made by code: what the real ones are like, in any checkout."""

import random

from lamina.text.questions import Question, QuestionType

COMPANIES = ("Kestrel", "Marlow", "Dunmore", "Ashby", "Tarn", "Orrin", "Velder", "Quill")
LINES = ("Deferred revenue", "Interest expense", "Lease liabilities", "Goodwill", "Raw materials",
         "Prepaid expenses", "Accrued payroll", "Treasury shares", "Customer lists")  # fmt: skip
MONTHS = ("January", "March", "April", "June", "August", "October", "December")


def made_exam(seed: int = 1, rounds: int = 8) -> list[Question]:
    """`rounds` questions of each of twelve sorts, with made-up companies and figures."""
    draw = random.Random(seed)
    return [made for _ in range(rounds) for made in _round(draw)]


def _round(draw: random.Random) -> list[Question]:
    company = draw.choice(COMPANIES)
    year = draw.randint(2015, 2024)
    amount = draw.randint(1001, 98999)
    lines = draw.sample(LINES, 4)
    month = draw.choice(MONTHS)

    def made(question: str, answer: str, kind: QuestionType, unit: str | None = None) -> Question:
        asked = f"{question} ({company}, {year})"
        return Question(question=asked, answer=answer, type=kind, unit=unit)

    return [
        made("How large was it?", f"${amount:,} million", "number", "million USD"),
        made("How large was it?", f"{amount:,} thousand", "number"),
        made("What was the change?", f"-{amount / 100:.2f} percent", "percent"),
        made("What was the net result?", f"({amount / 10:,.1f}) million", "number"),
        made("How many shares?", f"{amount / 100:.1f} million shares", "number", "shares"),
        made("When did it begin?", f"{month} {draw.randint(1, 28)}, {year + 3}", "date"),
        made("Which lines are shown?", "; ".join(lines), "list"),
        made("What were the respective values?", f"${amount:,}, ${amount + 77:,} thousand", "list"),
        made("Was it material?", draw.choice(("Yes", "No")), "yes_no"),
        made("Which line was it?", lines[0], "span"),
        made("How many plants were closed?", str(draw.randint(2, 10)), "number"),
        made("What did the auditor earn?", "not in the documents", "abstain"),
    ]  # fmt: skip
