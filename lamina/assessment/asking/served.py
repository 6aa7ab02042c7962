"""What a server has, by its own word; or would have, by the files that it would be started on."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lamina.assessment.asking.client import Client
from lamina.assessment.asking.order import QaOrder
from lamina.assessment.asking.replies import KnownLayer, ServedBase
from lamina.assessment.exam.blend import AUTO, BASE, Blend, parse_blend
from lamina.errors import LaminaError, MismatchError, NotFoundError
from lamina.gguf import read_header
from lamina.passport import PREFIX, identify_gguf, profile


@dataclass(frozen=True)
class Served:
    """A base, and the layers that can be put on it."""

    base: ServedBase
    layers: tuple[KnownLayer, ...]
    url: str = ""  # empty: nobody was asked
    finds: bool = False  # `auto` finds a layer by what is asked: some say what they were trained on


def served_by(client: Client) -> Served:
    """What a running server says.

    Raises:
        NotFoundError: no server answers.
        MismatchError: the server does not say which base it is.

    """
    layers = client.layers()
    return Served(client.base(), layers, client.url, client.finds())


def served_from(model: Path, adapters: Path, digest: Callable[[Path], str]) -> Served:
    """What a server of this base and the layers of this folder would say, but for its slots.

    Raises:
        DamagedError: the base's file is no model.

    """
    identity = identify_gguf(read_header(model.resolve()))
    files = sorted(adapters.glob("*.gguf"))
    told = any(map(_has_profile, files))
    return Served(
        ServedBase(identity.digest or identity.fingerprint, slots=1, name=identity.name),
        tuple(KnownLayer(path.stem, digest(path), 0.0) for path in files),
        finds=told and AUTO not in {path.stem for path in files},
    )


def _has_profile(path: Path) -> bool:
    """Whether a layer's file says what it was trained on; one that cannot be read does not."""
    with suppress(LaminaError, OSError):
        return bool(read_header(path.resolve()).text(PREFIX + profile.KEY))
    return False


def hold_against_files(served: Served, order: QaOrder, digest: Callable[[Path], str]) -> None:
    """Refuse a server whose layers are not those of the order's folder.

    Raises:
        NotFoundError: it lacks a layer.
        MismatchError: it has another version of one.

    """
    known = {layer.name: layer for layer in served.layers}
    files = sorted(order.adapters.glob("*.gguf")) if order.adapters else []
    for path in files:
        layer = known.get(path.stem)
        if layer is None:
            order_to_load = f'{{"adapters":[{{"path":"{path}"}}]}}'
            msg = (
                f"the server at {served.url} is older than layer {path.stem}: it does not "
                f"list it; load it with POST /lora-adapters {order_to_load}, or restart the server"
            )
            raise NotFoundError(msg)
        if layer.digest and layer.digest != digest(path):
            msg = (
                f"the server at {served.url} has another version of layer {path.stem} than "
                f"{path}; restart the server"
            )
            raise MismatchError(msg)


def blends_of(order: QaOrder, served: Served) -> tuple[Blend, ...]:
    """The base, the layers, the blends: each once.

    Raises:
        NotFoundError: a layer that is asked for is not there.
        MismatchError: one cannot be put on.
        InvalidInputError: a blend is none.

    """
    known = {layer.name: layer for layer in served.layers}
    names = (BASE, *(order.layers or tuple(known)), *order.blends)
    blends = {blend.name: blend for blend in map(parse_blend, names)}
    for blend in blends.values():
        for layer in blend.layers:
            if layer not in known:
                have = ", ".join(known) or "none"
                msg = (
                    f"the server at {served.url} knows no layer {layer} (it has: {have}); "
                    "export it with `lamina export_layers`, or leave it out"
                )
                raise NotFoundError(msg)
            if known[layer].problem:
                msg = f"the server at {served.url} cannot use it: {known[layer].problem}"
                raise MismatchError(msg)
    return tuple(blends.values())
