"""The rule: when a layer is promoted, and the word for it when it is not. Pure.

    same as the base in everything            no effect
    surely worse at home, or than what serves worse
    surely harmful elsewhere                  harmful elsewhere
    too few questions, documents, comparisons too little evidence
    gain not surely above its margin, or in
    D not surely ahead of the other layers    unclear; no effect where it is surely below
    harm elsewhere, or loss against what
    serves, not surely below its margin       unclear
    else                                      promoted

*Surely* is a one-sided bound at `Margins.level` over documents (`evidence.py`); the gain's bound is
drawn further where several candidates are judged at once, by Benjamini and Hochberg. A layer serves
only if every test is passed, so the chance that one without a gain does is that of the gain's test
at most. The measure that decides is D where the exam has questions and documents enough, else T
where the test text has documents enough: by what there is of it, never by how it came out.
"""

from collections.abc import Sequence

from lamina.assessment.verdicts.compare import Values, find
from lamina.assessment.verdicts.evidence import levels
from lamina.assessment.verdicts.findings import Case, Findings
from lamina.assessment.verdicts.verdict import Verdict, Word
from lamina.assessment.verdicts.wording import verdict
from lamina.margins import Margins

VERSION = 4  # counted up when the same measurements may get another word: held ones are asked again


def judge(cases: Sequence[Case], values: Values, margins: Margins) -> tuple[Verdict, ...]:
    """The verdicts on the candidates of one batch, in the order given."""
    found = [find(case, values, margins) for case in cases]
    tested = [one for one in found if one.kind and one.home]
    stand, level = levels([one.p_gain() for one in tested], margins.level)
    stands = {id(one): gained for one, gained in zip(tested, stand, strict=True)}
    return tuple(
        verdict(one, word(one, margins.level, gained=stands.get(id(one), False)), level, margins)
        for one in found
    )


def word(found: Findings, level: float, *, gained: bool) -> Word:
    """The verdict in a word; `gained`: the gain stands among those of its batch."""
    home, serving = found.home, found.serving
    if found.same:
        return Word.NO_EFFECT
    if _worse(found, level):
        return Word.WORSE
    if any(one.harmed(level) for one in found.elsewhere) or any(
        one.harmed(level / len(found.spots)) for one in found.spots
    ):
        return Word.HARMFUL
    if not found.kind or not home or not found.elsewhere or (found.case.serving and not serving):
        return Word.TOO_LITTLE
    if not gained:
        return Word.NO_EFFECT if home.small(level) else Word.UNCLEAR
    if all(one.safe(level) for one in (*found.elsewhere, *([serving] if serving else []))):
        return Word.PROMOTED
    return Word.UNCLEAR


def _worse(found: Findings, level: float) -> bool:
    lost = [one.lost(level) for one in (found.home, found.serving) if one and found.kind]
    return any(lost) or bool(found.answers and found.answers.harmed(level))
