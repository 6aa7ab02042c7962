"""Which layers answer a request: `model`, `lora`, saved blends, and the default.

A request's layers are fixed here, when it is accepted; a later change of the default touches only
later requests.
"""

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from lamina.errors import InvalidInputError, MismatchError, NotFoundError
from lamina.serving.layers.blends import (
    AUTO,
    BASE,
    DEFAULT,
    LOCAL,
    AppliedLayer,
    LayerSet,
    Part,
    layer_set,
    parse_blend,
)
from lamina.serving.layers.files import read_ahead
from lamina.serving.layers.finding import Finder, Route
from lamina.serving.layers.layer import Layer
from lamina.serving.layers.registry import Registry
from lamina.serving.layers.residency import Memory
from lamina.serving.layers.saved_blends import SavedBlends


class Routing:
    """Names to layer sets. Thread-safe."""

    def __init__(self, registry: Registry, memory: Memory) -> None:
        self.registry = registry
        self.saved = SavedBlends(registry.folder)
        self.default = LayerSet()
        self._memory = memory
        self._lock = threading.Lock()  # of the default
        self._finding = threading.Lock()
        self._finder: Finder | None = None

    def choose(self, model: str | None, lora: Iterable[Part] | None) -> LayerSet:
        """The layers that answer a request; those not in memory are read ahead, on this thread.

        Raises:
            InvalidInputError: `model` and `lora` both name layers, or a scale is unusable.
            NotFoundError: a layer, or the model, is not known.
            LaminaError: a layer's file cannot be used.

        """
        return self._ahead(self.meant(model, lora))

    def found(self, turns: Sequence[str]) -> tuple[Route, LayerSet] | None:
        """Who answers a request for `auto`; None where that means nothing.

        `turns` are what a person said, the latest last.
        """
        layers = self.registry.layers()
        if not (profiles := self._profiles(layers)):
            return None
        with self._finding:
            if self._finder is None:
                self._finder = Finder(profiles)
            self._finder.learn(profiles)
            route = self._finder.route(turns)
        return route, self._ahead(self.registry.resolve(parse_blend(route.layer), layers))

    def _ahead(self, chosen: LayerSet) -> LayerSet:
        """The same, with what is not in memory read on this thread."""
        for layer in chosen.layers:
            if layer.digest not in self._memory.loaded:
                read_ahead(layer.path)
        return chosen

    @property
    def finds(self) -> bool:
        """Whether `auto` means something: layers say what they were trained on."""
        return bool(self._profiles(self.registry.layers()))

    def _profiles(self, layers: Sequence[Layer]) -> dict[str, str]:
        """By layer; none where something else is called `auto`."""
        taken = AUTO in self.saved.all() or any(one.name == AUTO for one in layers)
        return {} if taken else {one.name: one.profile for one in layers if one.profile}

    def meant(self, model: str | None, lora: Iterable[Part] | None = None) -> LayerSet:
        """The layers that these names mean now.

        Raises:
            MismatchError: the name is a layer's and something else's, too.
            LaminaError: as `choose` does.

        """
        if model == LOCAL and not self._is_taken(LOCAL):
            model = DEFAULT
        neutral = model is None or model in {DEFAULT, BASE, self.registry.base.identity.name}
        if lora is not None:
            if not neutral:
                msg = f"model {model!r} and the field lora both choose layers; give only one"
                raise InvalidInputError(msg)
            return self.registry.resolve(lora)
        if model is None or model == DEFAULT:
            return self._current_default()
        if model == BASE:
            return LayerSet()
        if neutral:
            self._check_is_no_layers(str(model))
            return LayerSet()
        layers = self.registry.layers()
        return self.registry.resolve(self._parts(str(model), layers), layers)

    def _check_is_no_layers(self, name: str) -> None:
        """A layer called as the base is has that as its problem; neither may answer for the other.

        Raises:
            MismatchError: there is one.

        """
        for layer in self.registry.layers():
            if layer.name == name and layer.problem:
                raise layer.problem

    def _is_taken(self, name: str) -> bool:
        layers = {layer.name for layer in self.registry.layers()}
        return name in layers or name in self.saved.all()

    def _parts(self, model: str, layers: Sequence[Layer]) -> tuple[Part, ...]:
        saved = self.saved.all()
        known = {layer.name for layer in layers}
        if model in saved and model in known:
            msg = (
                f"{model} names a layer and a saved blend; "
                f"forget the blend with DELETE /blends/{model}, or rename the layer's file"
            )
            raise MismatchError(msg)
        if model in saved:
            return saved[model]
        if model == AUTO and self._profiles(layers):
            msg = "auto finds a layer for chats and completions only; name one here"
            raise InvalidInputError(msg)
        if model == AUTO and AUTO not in known:
            msg = (
                "auto finds no layer here, since none says what it was trained on; "
                "`lamina export_layers` has layers that were trained here say it"
            )
            raise NotFoundError(msg)
        parts = parse_blend(model)
        if len(parts) == 1 and str(parts[0].layer) not in known:
            names = ", ".join([BASE, DEFAULT, *sorted(known), *sorted(saved)])
            msg = f"there is no model {model!r}; known models: {names}"
            raise NotFoundError(msg)
        return parts

    def save(self, name: str, parts: tuple[Part, ...]) -> LayerSet:
        """Keep a blend under a name that requests can give as `model`.

        Raises:
            InvalidInputError: the name is a layer's, or cannot be.
            LaminaError: a layer cannot be used.

        """
        if name in {layer.name for layer in self.registry.layers()}:
            msg = f"{name} is a layer's name; choose another one for the blend"
            raise InvalidInputError(msg)
        layers = self.registry.resolve(parts)
        self.saved.save(name, parts)
        return layers

    def set_default(self, layers: LayerSet) -> None:
        """Requests that name no model get these layers from now on; they stay in memory.

        Like a saved blend it means layers by name: one that is rolled back is rolled back here too.
        """
        with self._lock:
            self._pin(layers)

    def keep_default(self) -> bool:
        """Have the default come back after a restart; whether that can be.

        It cannot where a layer lies elsewhere than in the adapters folder: nobody knows it then.
        """
        parts = tuple(Part(layer.name, layer.scale) for layer in self.default.layers)
        there = {layer.name for layer in self.registry.layers() if layer.in_folder}
        return self.saved.keep_default(
            parts if all(part.layer in there for part in parts) else None
        )

    def restore_default(self) -> LayerSet:
        """Set the default that was kept. What is gone of it is told to whoever asks for it.

        Raises:
            DamagedError: the file cannot be read.

        """
        parts = self.saved.default()
        named = (
            AppliedLayer(f"{name} as it was", scale, str(name), Path(f"{name}.gguf"))
            for name, scale in parts
        )
        self.set_default(LayerSet(tuple(named)))
        return self.default

    def _pin(self, layers: LayerSet) -> None:
        self.default = layers
        self._memory.pinned = frozenset(layer.digest for layer in layers.layers)

    def _current_default(self) -> LayerSet:
        """The default's layers in the versions that stand now."""
        was = self.default
        known = {layer.name: layer for layer in self.registry.layers()} if was.layers else {}
        if gone := [layer.name for layer in was.layers if layer.name not in known]:
            msg = (
                f"the default names layer {gone[0]}, which is no longer there; "
                "put it back, or set another default with POST /lora-adapters"
            )
            raise NotFoundError(msg)
        now = layer_set(known[layer.name].applied(layer.scale) for layer in was.layers)
        with self._lock:
            if now != was and self.default is was:
                self._pin(now)
        return now
