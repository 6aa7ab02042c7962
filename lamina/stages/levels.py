"""The three levels over the whole corpus: what may be asked of them, and which one is merged."""

from collections.abc import Collection, Mapping, Sequence

from lamina.errors import InvalidInputError, NotFoundError
from lamina.passport import Passport
from lamina.training.profiles import Profile


def whole_corpus(profile: Profile) -> Profile:
    """The profile, if it fits a level; raises InvalidInputError for a share of general rows."""
    if profile.general_share:
        msg = (
            "levels are trained on the whole corpus, general rows among them; "
            "leave general_share out"
        )
        raise InvalidInputError(msg)
    return profile


def check_merge(levels: Collection[str], wanted: Sequence[str]) -> None:
    """Raise InvalidInputError where a level is to be merged that is not to be trained."""
    for name in wanted:
        if name not in levels:
            msg = f"{name} cannot be merged, it is not trained; choose among {', '.join(levels)}"
            raise InvalidInputError(msg)


def best_levels(passports: Mapping[str, Passport], wanted: Sequence[str]) -> tuple[str, ...]:
    """The levels to merge: those wanted, or the one with the lowest held-out loss.

    Raises:
        NotFoundError: a wanted level was not trained.
        InvalidInputError: none is wanted and none was measured.

    """
    for name in wanted:
        if name not in passports:
            msg = f"{name} was not trained; choose among {', '.join(passports) or 'none so far'}"
            raise NotFoundError(msg)
    if wanted:
        return tuple(dict.fromkeys(wanted))
    losses = {
        name: one.heldout_loss for name, one in passports.items() if one.heldout_loss is not None
    }
    if not losses:
        msg = "no level has a held-out loss to choose by; name the one to merge"
        raise InvalidInputError(msg)
    return (min(losses, key=lambda name: losses[name]),)
