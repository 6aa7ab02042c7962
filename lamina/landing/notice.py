"""Waking those who wait for work, and knowing that they were woken.

A wake-up says that something is due and never what: who wakes looks for himself. So one that comes
twice, late or out of turn does no harm, and one stands for all that happened since the last.

The address is an events API as Prefect's server has it: `POST /events` answers 204 once it has the
event. (Prefect's own client sends events into a queue and forgets them when the server is away.)
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import httpx
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from lamina.errors import BusyError, InvalidInputError
from lamina.store import alone, write_atomically

PDFS_LANDED = "lamina.pdfs.landed"
LAYERS_TRAINED = "lamina.layers.trained"


class Notice(BaseModel):
    """A wake-up. It keeps its id, so that the server can be asked whether it knows of it."""

    model_config = ConfigDict(frozen=True)

    id: UUID = Field(default_factory=uuid4)
    event: str
    resource: str = Field(description="what it happened to, such as lamina.workspace.pod-1")
    occurred: datetime = Field(default_factory=lambda: datetime.now(UTC))
    sent: bool = Field(default=False, description="the server took it, and may yet forget it")


class EventsApi:
    """The events API of the orchestrator's server."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._url = str(client.base_url).rstrip("/")

    def deliver(self, told: Notice) -> None:
        """Return once the server has the event.

        Raises:
            BusyError: no server answers, or it could not take the event; trying again can help.
            InvalidInputError: it wants other credentials, or is no such server.

        """
        event = {
            "id": str(told.id),
            "event": told.event,
            "occurred": told.occurred.isoformat(),
            "resource": {"prefect.resource.id": told.resource},
            "payload": {},
        }
        reply = self._post("/events", [event])
        if reply.status_code != httpx.codes.NO_CONTENT:
            msg = (
                f"the server at {self._url} refused the event {told.event} "
                f"(HTTP {reply.status_code}); "
                "check PREFECT_API_URL, and PREFECT_API_AUTH_STRING or _KEY"
            )
            raise InvalidInputError(msg)

    def heard(self, told: Notice) -> bool:
        """Whether the server has written the event down; also if it does not let us ask."""
        reply = self._post("/events/filter", {"filter": {"id": {"id": [str(told.id)]}}})
        return not reply.is_success or bool(reply.json().get("events"))

    def _post(self, path: str, body: object) -> httpx.Response:
        try:
            reply = self._client.post(path, json=body)
        except httpx.HTTPError as error:
            msg = f"no server answers at {self._url} ({error}); the event is kept and sent again"
            raise BusyError(msg) from error
        if reply.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            msg = (
                f"the server at {self._url} could not take the event "
                f"(HTTP {reply.status_code}); it is kept and sent again"
            )
            raise BusyError(msg)
        return reply


class Told(BaseModel):
    """What came of telling."""

    model_config = ConfigDict(frozen=True)

    delivered: tuple[str, ...] = Field((), description="events that the server took now")
    waiting: tuple[str, ...] = Field((), description="events that it did not take")
    trouble: str = Field("", description="why they wait")


class Outbox:
    """Wake-ups that are not known to have arrived: one an event, in a file.

    A server that took one and died before it wrote it down is told again.
    """

    _FORM = TypeAdapter(dict[str, Notice])

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, event: str, resource: str) -> None:
        """Something is due that was not when this was last told: written down before it is sent."""
        with self._open() as waiting:
            waiting[event] = Notice(event=event, resource=resource)

    def tell(self, api: EventsApi | None) -> Told:
        """Send what waits; raises InvalidInputError where the server refuses it for good."""
        if not self._path.exists():
            return Told()
        delivered: list[str] = []
        with self._open() as waiting:
            for event, told in list(waiting.items()):
                if api is None:
                    return _told(delivered, waiting, "no server is named; set PREFECT_API_URL")
                try:
                    if told.sent and api.heard(told):
                        del waiting[event]
                        continue
                    api.deliver(told)
                except BusyError as error:
                    return _told(delivered, waiting, str(error))
                if not told.sent:
                    delivered.append(event)
                waiting[event] = told.model_copy(update={"sent": True})
        return Told(delivered=tuple(delivered))

    @contextmanager
    def _open(self) -> Iterator[dict[str, Notice]]:
        """Alone; what stands at the end is written, also where a refusal ended it."""
        with alone(self._path.with_name(f".{self._path.name}.lock")):
            before = self._read()
            now = dict(before)
            try:
                yield now
            finally:
                if now != before:
                    write_atomically(self._path, self._FORM.dump_json(now))

    def _read(self) -> dict[str, Notice]:
        try:
            return self._FORM.validate_json(self._path.read_bytes())
        except (FileNotFoundError, ValidationError):  # a wake-up lost; the schedules are the net
            return {}


def _told(delivered: list[str], waiting: dict[str, Notice], trouble: str) -> Told:
    unsent = tuple(event for event, told in waiting.items() if not told.sent)
    return Told(delivered=tuple(delivered), waiting=unsent, trouble=trouble if unsent else "")
