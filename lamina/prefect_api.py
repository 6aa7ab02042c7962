"""How Prefect's API is reached over HTTP: a server of one's own, or Prefect Cloud.

Prefect's client is not used: the product does not import its orchestrator, and a look at it must
cost milliseconds. What that client obeys is obeyed here: credentials, or else the key of Prefect
Cloud; a certificate authority of one's own; the environment's proxies, but not to this machine.
"""

import ssl
from pathlib import Path

import httpx
from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings

from lamina.errors import InvalidInputError

_HERE = {"localhost", "127.0.0.1", "::1"}


def prefect_client(
    url: str,
    auth: SecretStr | None = None,
    key: SecretStr | None = None,
    ca_file: Path | None = None,
) -> httpx.Client:
    """A client of the API at this address; `auth` is user:password, and goes before the key."""
    user, _, password = (auth.get_secret_value() if auth else "").partition(":")
    bearer = key.get_secret_value() if key and not user else ""
    return httpx.Client(
        base_url=url,
        auth=(user, password) if user else None,
        headers={"Authorization": f"Bearer {bearer}"} if bearer else {},
        verify=ssl.create_default_context(cafile=str(ca_file)) if ca_file else True,
        trust_env=httpx.URL(url).host not in _HERE,  # proxies, of which one may speak SOCKS
        limits=httpx.Limits(max_keepalive_connections=0),  # a look now and then keeps no socket
        timeout=10.0,
    )


class PrefectAccess(BaseSettings):
    """The part of the settings that says where Prefect is, and who asks it."""

    events_url: str | None = Field(
        None,
        validation_alias=AliasChoices("LAMINA_EVENTS_URL", "PREFECT_API_URL"),
        description="API of the Prefect server, which is told of landed PDFs and trained layers",
    )
    events_auth: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("LAMINA_EVENTS_AUTH", "PREFECT_API_AUTH_STRING"),
        description="its credentials, as user:password",
    )
    events_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("LAMINA_EVENTS_KEY", "PREFECT_API_KEY"),
        description="key of Prefect Cloud, which asks for no credentials",
    )
    events_ca: Path | None = Field(
        None,
        validation_alias=AliasChoices("LAMINA_EVENTS_CA", "PREFECT_API_SSL_CERT_FILE"),
        description="file of the certificate authority that the Prefect server's is from, where "
        "it is your own",
    )

    def prefect(self) -> httpx.Client | None:
        """A client of the Prefect that is named, if one is.

        Raises:
            InvalidInputError: its address is none, or the certificates cannot be read.

        """
        if self.events_url is None:
            return None
        access = (self.events_url, self.events_auth, self.events_key, self.events_ca)
        try:
            return prefect_client(*access)
        except (httpx.InvalidURL, OSError, ImportError, ValueError) as wrong:
            msg = (  # ImportError: of a SOCKS proxy; ValueError: a key that no header can hold
                f"Prefect cannot be asked ({wrong}); correct PREFECT_API_URL, and where they are "
                "set PREFECT_API_SSL_CERT_FILE, PREFECT_API_KEY and ALL_PROXY (SOCKS is not spoken)"
            )
            raise InvalidInputError(msg) from wrong
