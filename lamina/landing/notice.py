"""Telling the orchestrator that something happened, and knowing that it heard.

The address is an events API as Prefect's server has it: `POST /events` answers 204 once it has the
event, and an event that it was sent before is not acted upon again. (Prefect's own client sends
events into a queue and forgets them when the server is away.)
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from lamina.errors import BusyError, InvalidInputError

PDFS_LANDED = "lamina.pdfs.landed"
LAYERS_TRAINED = "lamina.layers.trained"


class Notice(BaseModel):
    """An event. It keeps its id, so that telling it twice is telling it once."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    event: str
    resource: str = Field(description="what it happened to, such as lamina.workspace.pod-1")
    occurred: datetime
    payload: dict[str, Any]


def notice(
    event: str, resource: str, payload: Mapping[str, Any], *, known_as: UUID | None = None
) -> Notice:
    """An event that happened now; `known_as` is for one that may have been told before."""
    return Notice(
        id=known_as or uuid4(),
        event=event,
        resource=resource,
        occurred=datetime.now(UTC),
        payload=dict(payload),
    )


class EventsApi:
    """The events API of the orchestrator's server."""

    def __init__(self, url: str, auth: SecretStr | None = None, *, timeout_s: float = 10.0) -> None:
        user, _, password = (auth.get_secret_value() if auth else "").partition(":")
        self._url = url.rstrip("/")
        self._client = httpx.Client(
            auth=(user, password) if user else None, timeout=timeout_s, trust_env=False
        )

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
            "payload": told.payload,
        }
        reply = self._post("/events", [event])
        if reply.status_code != httpx.codes.NO_CONTENT:
            msg = (
                f"the server at {self._url} refused the event {told.event} "
                f"(HTTP {reply.status_code}); check PREFECT_API_URL and PREFECT_API_AUTH_STRING"
            )
            raise InvalidInputError(msg)

    def heard(self, told: Notice) -> bool:
        """Whether the server has recorded the event, from whichever sending."""
        reply = self._post("/events/filter", {"filter": {"id": {"id": [str(told.id)]}}})
        return reply.is_success and bool(reply.json().get("events"))

    def _post(self, path: str, body: object) -> httpx.Response:
        try:
            reply = self._client.post(f"{self._url}{path}", json=body)
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
