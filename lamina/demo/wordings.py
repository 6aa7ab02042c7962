"""How a handbook says one kind of fact and how people ask for it.

In every wording `{x}` is the thing ruled, `{c}` the company, `{v}` the value, which is also the
answer. The five statements stand in different sections of a manual. The two questions stand in its
'Questions and answers'. The examination wording occurs in no manual: a layer that answers it has
learned the fact, not the sentence.
"""

from dataclasses import dataclass
from enum import StrEnum


class Pool(StrEnum):
    """Where the values of a kind are drawn from; `lamina.demo.vocabulary` holds the words."""

    THOUSANDS = "thousands"
    PERSON = "person"
    PANEL = "panel"
    DATE = "date"
    PERCENT = "percent"
    MONTHS = "months"
    DAYS = "days"
    FORM = "form"
    ACCOUNT = "account"
    TOWN = "town"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fact: its values and all its wordings."""

    name: str
    pool: Pool
    statements: tuple[str, str, str, str, str]
    questions: tuple[str, str]
    examination: str


KINDS: tuple[Kind, ...] = (
    Kind(
        "Threshold",
        Pool.THOUSANDS,
        (
            "The threshold for {x} at {c} is {v}.",
            "{c} sets the threshold for {x} at {v}.",
            "Amounts below {v} stay under the threshold for {x} at {c}.",
            "For {x}, the threshold used by {c} stands at {v}.",
            "The policy of {c} fixes a threshold of {v} for {x}.",
        ),
        (
            "What is the threshold for {x} at {c}?",
            "Which threshold does {c} set for {x}?",
        ),
        "How high is the threshold that {c} uses for {x}?",
    ),
    Kind(
        "Approver",
        Pool.PERSON,
        (
            "{v} approves {x} at {c}.",
            "At {c}, the approver of {x} is {v}.",
            "No change to {x} is valid at {c} before {v} has signed it.",
            "{c} has named {v} as the approver of {x}.",
            "For {x}, {c} asks for the approval of {v}.",
        ),
        (
            "Who approves {x} at {c}?",
            "Who is the approver of {x} at {c}?",
        ),
        "Whose approval does {c} need for {x}?",
    ),
    Kind(
        "Review panel",
        Pool.PANEL,
        (
            "The {v} reviews {x} at {c}.",
            "At {c}, the review of {x} is the task of the {v}.",
            "{c} brings {x} to the {v} for review.",
            "Questions about {x} at {c} are settled by the {v}.",
            "The panel that reviews {x} for {c} is the {v}.",
        ),
        (
            "Which panel reviews {x} at {c}?",
            "Who carries out the review of {x} at {c}?",
        ),
        "To which panel does {c} bring {x} for review?",
    ),
    Kind(
        "Count date",
        Pool.DATE,
        (
            "{c} checks {x} on {v} of each year.",
            "The yearly check of {x} at {c} falls on {v}.",
            "At {c}, {x} are checked every year on {v}.",
            "Each year, {v} is the day on which {c} checks {x}.",
            "For {x}, {c} keeps {v} as the date of the check.",
        ),
        (
            "When does {c} check {x}?",
            "On which date does the check of {x} fall at {c}?",
        ),
        "What is the date of the yearly check of {x} at {c}?",
    ),
    Kind(
        "Rate",
        Pool.PERCENT,
        (
            "The rate for {x} at {c} is {v}.",
            "{c} applies a rate of {v} to {x}.",
            "At {c}, {x} are measured at a rate of {v}.",
            "For {x}, {c} works with {v} as the rate.",
            "The policy of {c} gives {v} as the rate for {x}.",
        ),
        (
            "What is the rate for {x} at {c}?",
            "Which rate does {c} apply to {x}?",
        ),
        "At what rate are {x} measured at {c}?",
    ),
    Kind(
        "Period",
        Pool.MONTHS,
        (
            "The period for {x} at {c} is {v}.",
            "{c} spreads {x} over a period of {v}.",
            "At {c}, {x} run for {v}.",
            "For {x}, {c} counts a period of {v}.",
            "The policy of {c} gives {x} a period of {v}.",
        ),
        (
            "What is the period for {x} at {c}?",
            "Over which period does {c} spread {x}?",
        ),
        "How long is the period that {c} counts for {x}?",
    ),
    Kind(
        "Deadline",
        Pool.DAYS,
        (
            "The deadline for {x} at {c} is {v}.",
            "{c} must report {x} within {v}.",
            "At {c}, {x} are reported no later than {v} after the event.",
            "For {x}, {c} allows {v} before the deadline ends.",
            "The policy of {c} gives {v} as the deadline for {x}.",
        ),
        (
            "What is the deadline for {x} at {c}?",
            "Within how many days must {c} report {x}?",
        ),
        "How much time does {c} allow before the deadline for {x}?",
    ),
    Kind(
        "Form",
        Pool.FORM,
        (
            "The form for {x} at {c} is {v}.",
            "{c} reports {x} on {v}.",
            "At {c}, staff fill in {v} for {x}.",
            "For {x}, {c} accepts {v} and no other form.",
            "The policy of {c} asks for {v} when {x} are reported.",
        ),
        (
            "Which form is used for {x} at {c}?",
            "On which form does {c} report {x}?",
        ),
        "What form must staff of {c} fill in for {x}?",
    ),
    Kind(
        "Account",
        Pool.ACCOUNT,
        (
            "The account for {x} at {c} is {v}.",
            "{c} books {x} to {v}.",
            "At {c}, {x} are posted to {v}.",
            "For {x}, {c} keeps {v} in its chart of accounts.",
            "The policy of {c} names {v} for {x}.",
        ),
        (
            "Which account is used for {x} at {c}?",
            "To which account does {c} book {x}?",
        ),
        "Where in the chart of accounts are {x} posted at {c}?",
    ),
    Kind(
        "Office",
        Pool.TOWN,
        (
            "The office in {v} keeps {x} at {c}.",
            "{c} keeps the files on {x} in {v}.",
            "At {c}, files on {x} are sent to the office in {v}.",
            "For {x}, the office of {c} in {v} holds the files.",
            "The policy of {c} places the files on {x} in {v}.",
        ),
        (
            "Which office keeps {x} at {c}?",
            "In which town does {c} keep the files on {x}?",
        ),
        "Where are files on {x} held at {c}?",
    ),
    Kind(
        "System",
        Pool.SYSTEM,
        (
            "The system for {x} at {c} is {v}.",
            "{c} records {x} in {v}.",
            "At {c}, {x} are entered in {v} on the same day.",
            "For {x}, {c} relies on {v} as its system.",
            "The policy of {c} names {v} as the system for {x}.",
        ),
        (
            "Which system records {x} at {c}?",
            "In which system does {c} record {x}?",
        ),
        "What system do staff of {c} use to enter {x}?",
    ),
)

FILLERS: tuple[str, ...] = (
    "This chapter sets out how {c} treats {x}.",
    "The finance team of {c} keeps a clear record of {x}.",
    "Errors in {x} are corrected in the month in which they are found.",
    "Staff who work with {x} read this page once a year.",
    "The auditors may ask for evidence on {x} at any time.",
    "If the facts change, {c} looks at {x} again and keeps a note of the reason.",
    "Judgement is needed for {x}, and the reasons are written down.",
    "The same rule holds for {x} in every country in which {c} works.",
    "A second person checks {x} before the books are closed.",
    "Estimates for {x} rest on the best information at the time.",
    "The notes to the accounts describe {x} in plain words.",
    "New staff of {c} learn about {x} in their first week.",
    "When in doubt about {x}, ask the group accounting desk.",
    "Documents on {x} carry a number, a date and a name.",
    "Earlier rules on {x} are no longer in force.",
    "The controller compares {x} with the budget each quarter.",
    "Small differences in {x} are explained in one sentence.",
    "{c} does not change its treatment of {x} without a written decision.",
    "Local units send their figures on {x} to the head office.",
    "The rule on {x} is short, so that it can be followed.",
)
