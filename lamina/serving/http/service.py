"""Between the calls and the engine: the one base that is served, and the sequences handed over."""

from lamina.errors import BusyError
from lamina.serving.engine.sequence import Sequence
from lamina.serving.engine.thread import Engine
from lamina.serving.http.answers import Answer, Relay
from lamina.serving.http.loaded import Loaded, loaded_base
from lamina.serving.http.meters import Meters
from lamina.serving.layers.papers import Papers
from lamina.serving.layers.routing import Routing
from lamina.serving.llama import Base


class Service:
    """One base being served."""

    def __init__(
        self,
        engine: Engine,
        relay: Relay,
        routing: Routing,
        papers: Papers,
        *,
        chat_format: str | None = None,
    ) -> None:
        self.engine = engine
        self.routing = routing
        self.registry = routing.registry
        self.papers = papers
        self.meters = Meters(engine.counters, engine.memory)
        self.loaded: Loaded | None = None
        self._relay = relay
        self._chat_format = chat_format

    def on_loaded(self, base: Base) -> None:
        """The base is in memory: requests can be answered from now on."""
        self.loaded = loaded_base(base, self._chat_format)

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
