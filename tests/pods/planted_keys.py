"""Keys of every kind that a pod is given and tells nobody; test_secrets.py looks for them."""

import base64

SECRETS = {
    "PREFECT_SERVER_API_AUTH_STRING": "owner:planted-for-prefect",
    "PREFECT_API_AUTH_STRING": "owner:planted-for-prefect",
    "LAMINA_API_KEY": "planted-for-layers",
    "LAMINA_ADMIN_KEY": "planted-for-admins",
    "LAMINA_WRITER_KEY": "planted-for-writers",
    "AWS_SECRET_ACCESS_KEY": "planted-for-depots",
    "RUNPOD_API_KEY": "planted-for-rented-pods",
}


def planted() -> set[bytes]:
    """Each as it was given, and as it travels in a header."""
    given = {value.encode() for value in SECRETS.values()}
    words = {value.rpartition(b":")[2] for value in given}
    return words | {base64.b64encode(value).rstrip(b"=") for value in given}
