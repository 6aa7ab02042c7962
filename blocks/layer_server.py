"""The server that answers with layers, as flows reach it."""

from typing import ClassVar

import httpx
from prefect.blocks.core import Block
from pydantic import Field, SecretStr, field_validator


class LayerServer(Block):
    """Address and key of the layer server that assessments ask."""

    _block_type_name: ClassVar[str] = "Layer server"
    _block_type_slug: ClassVar[str] = "lamina-layer-server"
    _description: ClassVar[str] = (
        "The server that lays any blend of layers over the base. "
        "Empty fields leave each pod's own environment in force."
    )
    _code_example: ClassVar[str] = (
        "```python\n"
        'LayerServer(url="http://127.0.0.1:5000", api_key="...").save("default")\n'
        'LayerServer.load("default").health()\n'
        "```"
    )

    url: str | None = Field(
        None,
        title="Address",
        description="such as http://cpu-pod:5000; none = the pod's own server",
    )
    api_key: SecretStr | None = Field(
        None,
        title="Key",
        description="what requests carry as bearer token; none = LAMINA_API_KEY, but for an "
        "address that is typed here: the pods' own keys are not sent to it",
    )

    @field_validator("url")
    @classmethod
    def _url_is_http(cls, value: str | None) -> str | None:
        if value and not value.startswith(("http://", "https://")):
            msg = f"{value!r} is no address of a server; it begins with http:// or https://"
            raise ValueError(msg)
        return value or None

    def health(self) -> str:
        """`ready`, or one sentence that says what is wrong."""
        if not self.url:
            return "no address is set; the pod's own server is asked"
        try:
            reply = httpx.get(f"{self.url.rstrip('/')}/ready", timeout=5, trust_env=False)
        except httpx.HTTPError as error:
            return f"no server answers at {self.url} ({error}); start it, or correct the address"
        if not reply.is_success:
            return f"the server at {self.url} is not ready (HTTP {reply.status_code})"
        return "ready"

    def environment(self) -> dict[str, str]:
        """The settings that this document sets, as environment variables."""
        key = self.api_key.get_secret_value() if self.api_key else None
        if self.url:
            return {
                "LAMINA_SERVER_URL": self.url,
                "LAMINA_API_KEY": key or "",
                "LAMINA_ADMIN_KEY": "",
            }
        return {"LAMINA_API_KEY": key} if key else {}
