"""What the documents on the server say for the run that is about to start."""

import os
from typing import TypeVar

from prefect.blocks.core import Block

from blocks.layer_server import LayerServer
from blocks.training_profile import TrainingProfile
from blocks.workspace import LaminaWorkspace
from lamina.errors import InvalidInputError
from lamina.orchestrate import OWN_SERVER
from lamina.training.profiles import PRESETS, Profile, overridden

DEFAULT = "default"  # the document that flows load

AnyBlock = TypeVar("AnyBlock", bound=Block)


def obey() -> None:
    """Put what the default documents set over this process's environment.

    A flow run has its process for itself, so this reaches its own tasks and children, and nobody
    else.
    """
    for document in (_document(LaminaWorkspace, DEFAULT), _document(LayerServer, DEFAULT)):
        if document:
            os.environ.update(document.environment())


def training_profile(name: str, overrides: dict[str, object]) -> Profile:
    """The numbers in the document of that name, or of the built-in preset, with overrides.

    Raises:
        InvalidInputError: there is neither, or a number that cannot be.

    """
    document = _document(TrainingProfile, name)
    if document is None and name not in PRESETS:
        msg = (
            f"there is no training profile {name!r}; choose one of {', '.join(PRESETS)}, "
            "or save a Training profile block of that name"
        )
        raise InvalidInputError(msg)
    return overridden(document.values if document else PRESETS[name], overrides)


def _document(kind: type[AnyBlock], name: str) -> AnyBlock | None:
    if OWN_SERVER in os.environ:  # nobody has put documents on a server of the flow's own
        return None
    try:
        return kind.load(name)  # type: ignore[return-value]
    except ValueError:  # no such document, or its type was never registered
        return None
