"""From what a pod is told to a link to its depot."""

from pathlib import Path

from lamina.handover.address import Address, parse
from lamina.handover.carrier import Carrier
from lamina.handover.link import Link
from lamina.settings import Settings


def open_link(settings: Settings) -> Link:
    """A link to the depot; it connects when it is first used.

    Raises:
        InvalidInputError: no depot is set, or its address cannot be.

    """
    address = parse(settings.store_url)
    return Link(
        lambda: _connect(address, settings),
        str(address),
        patience_s=settings.store_patience_s,
        broken=_broken(address),
    )


def _connect(address: Address, settings: Settings) -> Carrier:
    from lamina.handover.files import FileCarrier

    match address.kind:
        case "file":
            from fsspec.implementations.local import LocalFileSystem

            return FileCarrier(LocalFileSystem(), str(Path(address.path).expanduser().absolute()))
        case "sftp":
            from lamina.handover.ssh import open_sftp

            system = open_sftp(
                address,
                key_file=settings.store_key_file,
                known_hosts=settings.store_known_hosts,
            )
            return FileCarrier(system, address.path)
        case "s3":
            from lamina.handover.objects import ObjectCarrier, open_s3

            return ObjectCarrier(open_s3(settings.store_s3_endpoint), address.path)


def _broken(address: Address) -> tuple[type[Exception], ...]:
    """What a carrier of this kind raises, beside OSError, when its connection breaks."""
    match address.kind:
        case "sftp":
            from lamina.handover.ssh import BROKEN

            return BROKEN
        case "s3":
            from lamina.handover.objects import broken

            return broken()
        case "file":
            return ()
