"""Grades yes and no."""

import re

RIGHT = "the same of yes and no"
WRONG = "the other of yes and no"
MISSING = "neither yes nor no"
BOTH = "both yes and no"

_YES = r"(?:yes|yeah|yep|true|correct|affirmative)"
_NO = r"(?:no|nope|false|incorrect|negative)"
_LEADS = re.compile(rf"\W*(?:(?P<yes>{_YES})|(?P<no>{_NO}))\b", re.IGNORECASE)
_OR_OTHER = re.compile(rf"\W*(?:\s(?:and|or|but also)\s|/)\W*(?:{_YES}|{_NO})\b", re.IGNORECASE)
_ANYWHERE = re.compile(rf"\b(?:(?P<yes>{_YES})|(?P<no>{_NO}))\b(?=\W*(?:\Z|[.,;:]))", re.IGNORECASE)


def reads_as(text: str) -> bool | None:
    """True for yes, False for no, None for neither."""
    found = _LEADS.match(text)
    return None if found is None else bool(found["yes"])


def grade_yes_no(answer: str, meant: bool) -> tuple[bool, str]:
    """Whether the answer says yes where yes is meant, and no where no is, and why."""
    leads = _LEADS.match(answer)
    if leads and _OR_OTHER.match(answer, leads.end()):
        return False, BOTH
    said = {bool(one["yes"]) for one in ([leads] if leads else _ANYWHERE.finditer(answer))}
    if len(said) != 1:
        return False, BOTH if said else MISSING
    return (True, RIGHT) if said == {meant} else (False, WRONG)
