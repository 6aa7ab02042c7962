"""Between the API and the engine: which layers, which tokens, and the way events come back.

A request's layers are fixed here, when it is accepted; a later change of the default touches only
later requests.
"""

import math
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lamina.errors import BusyError, InvalidInputError, NotFoundError
from lamina.prompts import FORMATS, Prompts
from lamina.serving.engine.sequence import Sequence
from lamina.serving.engine.thread import Engine
from lamina.serving.http.answers import Answer, Relay
from lamina.serving.http.observer import Meters
from lamina.serving.http.requests.shapes import LayerRef
from lamina.serving.layers.adapter_file import BaseProfile
from lamina.serving.layers.blends import BASE, DEFAULT, LayerSet, Part, layer_set, parse_blend
from lamina.serving.layers.files import read_ahead
from lamina.serving.layers.registry import Registry
from lamina.serving.layers.saved_blends import BlendBook
from lamina.serving.llama import Base, Vocabulary


class TooLongError(InvalidInputError):
    """The prompt, or the body, is larger than this server takes."""

    status = 413


@dataclass(frozen=True)
class Loaded:
    """What is known once the base is in memory."""

    vocabulary: Vocabulary
    prompts: Prompts
    n_ctx: int


def prompts_of(base: Base, chat_format: str | None) -> Prompts:
    """What this base reads, by its own chat template unless a format is named."""
    source = FORMATS[chat_format] if chat_format else base.chat_template()
    return Prompts(base.vocabulary.tokenize, base.vocabulary.words, source)


class Service:
    """One base being served."""

    def __init__(
        self,
        engine: Engine,
        relay: Relay,
        registry: Registry,
        *,
        chat_format: str | None = None,
    ) -> None:
        self.engine = engine
        self.meters = Meters(engine.counters)
        self.registry = registry
        self.book = BlendBook(registry.folder)
        self.default = LayerSet()
        self.loaded: Loaded | None = None
        self._lock = threading.Lock()  # of the default
        self._relay = relay
        self._chat_format = chat_format

    @property
    def base(self) -> BaseProfile:
        """The base that is served."""
        return self.registry.base

    def on_loaded(self, base: Base) -> None:
        """The base is in memory: requests can be answered from now on."""
        self.loaded = Loaded(base.vocabulary, prompts_of(base, self._chat_format), base.n_ctx)

    # -- layers -----------------------------------------------------------------------------------

    def choose(self, model: str | None, lora: Iterable[LayerRef] | None) -> LayerSet:
        """The layers that answer a request; those not in memory are read ahead, on this thread.

        Raises:
            InvalidInputError: `model` and `lora` both name layers, or a scale is unusable.
            NotFoundError: a layer, or the model, is not known.
            LaminaError: a layer's file cannot be used.

        """
        chosen = self.meant(model, lora)
        resident = self.engine.counters.resident
        for layer in chosen.layers:
            if layer.digest not in resident:
                read_ahead(layer.path)
        return chosen

    def meant(self, model: str | None, lora: Iterable[LayerRef] | None = None) -> LayerSet:
        """The layers that these names mean now.

        Raises:
            LaminaError: as `choose` does.

        """
        neutral = model is None or model in {DEFAULT, BASE, self.base.identity.name}
        if lora is not None:
            if not neutral:
                msg = f"model {model!r} and the field lora both choose layers; give only one"
                raise InvalidInputError(msg)
            return self.registry.resolve([one.part() for one in lora])
        if model is None or model == DEFAULT:
            return self._current_default()
        if neutral:
            return LayerSet()
        return self.registry.resolve(self._parts(str(model)))

    def _parts(self, model: str) -> tuple[Part, ...]:
        saved = self.book.all()
        if model in saved:
            return saved[model]
        parts = parse_blend(model)
        if len(parts) == 1:
            known = {layer.name for layer in self.registry.layers()}
            if str(parts[0].layer) not in known:
                names = ", ".join([BASE, DEFAULT, *sorted(known), *sorted(saved)])
                msg = f"there is no model {model!r}; known models: {names}"
                raise NotFoundError(msg)
        return parts

    def save_blend(self, name: str, lora: Iterable[LayerRef]) -> LayerSet:
        """Keep a blend under a name that requests can give as `model`.

        Raises:
            InvalidInputError: the name is a layer's, or cannot be.
            LaminaError: a layer cannot be used.

        """
        if name in {layer.name for layer in self.registry.layers()}:
            msg = f"{name} is a layer's name; choose another one for the blend"
            raise InvalidInputError(msg)
        parts = tuple(one.part() for one in lora)
        layers = self.registry.resolve(parts)
        self.book.save(name, parts)
        return layers

    def set_default(self, layers: LayerSet) -> None:
        """Requests that name no model get these layers from now on; they stay in memory.

        Like a saved blend it means layers by name: one that is rolled back is rolled back here too.
        """
        with self._lock:
            self._pin(layers)

    def _pin(self, layers: LayerSet) -> None:
        self.default = layers
        self.engine.pinned = frozenset(layer.digest for layer in layers.layers)

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

    # -- sequences --------------------------------------------------------------------------------

    def check_text(self, text: str) -> None:
        """Whether a text could fit the context, before the work of making tokens of it.

        Raises:
            TooLongError: it has more bytes than that many of the longest tokens.

        """
        loaded = self.ready()
        if len(text) > loaded.n_ctx * loaded.vocabulary.longest_bytes:
            msg = (
                f"the prompt has {len(text)} characters, more than a context of {loaded.n_ctx} "
                "tokens can hold; shorten it, or start the server with a larger --n_ctx"
            )
            raise TooLongError(msg)

    def check_length(self, tokens: list[int], *, room: int = 1) -> None:
        """Whether these tokens fit the context, with `room` for the answer.

        Raises:
            InvalidInputError: there is nothing, or an id that is no token.
            TooLongError: they do not fit.

        """
        loaded = self.ready()
        if not tokens:
            msg = "the prompt is empty; give it at least one token"
            raise InvalidInputError(msg)
        if not all(0 <= token < loaded.vocabulary.size for token in tokens):
            msg = f"a token id lies outside 0 to {loaded.vocabulary.size - 1}; check the prompt"
            raise InvalidInputError(msg)
        if len(tokens) + room > loaded.n_ctx:
            msg = (
                f"the prompt has {len(tokens)} tokens and the context {loaded.n_ctx}; "
                "shorten it, or start the server with a larger --n_ctx"
            )
            raise TooLongError(msg)

    def check_biases(self, biases: Mapping[int, float]) -> None:
        """Whether every biased token exists: llama.cpp looks them up without asking.

        Raises:
            InvalidInputError: one does not.

        """
        size = self.ready().vocabulary.size
        for token, bias in biases.items():
            if not 0 <= token < size or not math.isfinite(bias):
                msg = f"logit_bias {token}: {bias} cannot be; tokens run from 0 to {size - 1}"
                raise InvalidInputError(msg)

    def ready(self) -> Loaded:
        """Facts of the loaded base.

        Raises:
            BusyError: it is still being loaded.

        """
        if self.loaded is None:
            msg = "the base is still being loaded; ask /ready, then try again"
            raise BusyError(msg)
        return self.loaded

    def submit(self, sequences: list[Sequence]) -> list[Answer]:
        """Hand sequences to the engine, all or none.

        Raises:
            BusyError: the queue is full, or the server is stopping.

        """
        answers = [
            Answer(self.engine, sequence, self._relay, self.meters) for sequence in sequences
        ]
        self.engine.submit(*sequences)
        return answers
