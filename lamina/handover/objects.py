"""Carries files to a bucket of S3, or of anything that speaks it.

An object appears whole. A large one goes up in parts of a size that follows from the file's alone,
so an upload that broke is gone on with, also by another pod: equal parts carry equal numbers.
"""

from collections.abc import Iterator
from typing import Any

from lamina.errors import DamagedError, InvalidInputError, NotFoundError
from lamina.handover.carrier import BLOCK_BYTES, Listed, Meter, Source

_PART_BYTES = 16 << 20
_MOST_PARTS = 9_000  # S3 takes 10,000
_AHEAD_BYTES = 8 << 20


def open_s3(endpoint: str | None) -> Any:  # noqa: ANN401 - fsspec has no types
    """A file system over the buckets that the environment's credentials open.

    Raises:
        InvalidInputError: s3fs is not installed.

    """
    try:
        from s3fs import S3FileSystem
    except ImportError as missing:
        msg = "a depot in S3 needs s3fs; install it with: pip install -c constraints.txt '.[s3]'"
        raise InvalidInputError(msg) from missing
    system = S3FileSystem(
        endpoint_url=endpoint,
        use_listings_cache=False,
        skip_instance_cache=True,
        config_kwargs={
            "connect_timeout": 10,
            "read_timeout": 30,
            "retries": {"max_attempts": 1},
        },
    )
    system.retries = 1  # as above: the link tries again, and says when it gives up
    return system


def broken() -> tuple[type[Exception], ...]:
    """What is raised, beside OSError, when a connection breaks."""
    try:
        from aiohttp import ClientError
        from botocore.exceptions import BotoCoreError
    except ImportError:  # `open_s3` says so
        return ()
    return (BotoCoreError, ClientError)


class ObjectCarrier:
    """A prefix of a bucket."""

    def __init__(self, system: Any, root: str) -> None:  # noqa: ANN401 - fsspec has no types
        self._system = system
        self._root = root
        self._bucket, _, self._prefix = root.partition("/")

    def size(self, path: str) -> int | None:
        """Bytes of an object."""
        try:
            return int(self._call("head_object", path)["ContentLength"])
        except FileNotFoundError:
            return None

    def names(self, folder: str) -> list[str]:
        """The objects below a prefix."""
        return sorted(one.name for one in self.listing(folder))

    def listing(self, folder: str) -> list[Listed]:
        """The same with their sizes and times."""
        prefix = f"{self._key(folder)}/" if folder or self._prefix else ""
        prefix = f"{prefix.rstrip('/')}/" if prefix else ""
        found: list[Listed] = []
        after: dict[str, str] = {}
        while True:
            page = self._call_bucket("list_objects_v2", Prefix=prefix, **after)
            found += [
                Listed(
                    one["Key"].removeprefix(prefix), one["Size"], one["LastModified"].timestamp()
                )
                for one in page.get("Contents", [])
            ]
            if not page.get("IsTruncated"):
                return found
            after = {"ContinuationToken": page["NextContinuationToken"]}

    def read(self, path: str, start: int, limit: int) -> Iterator[bytes]:
        """An object's bytes from `start` on."""
        full = f"{self._root}/{path}"
        options = {"block_size": _AHEAD_BYTES, "cache_type": "readahead"}
        with self._system.open(full, "rb", **options) as file:
            file.seek(start)
            while limit and (block := file.read(min(BLOCK_BYTES, limit))):
                limit -= len(block)
                yield block

    def write(self, path: str, content: bytes) -> None:
        """Put a small object."""
        self._call("put_object", path, Body=content)

    def send(self, path: str, source: Source, part: str, meter: Meter) -> None:
        """Put an object; goes on with an upload of it that did not end."""
        del part  # S3 keeps the parts itself
        size = source.entry.size_bytes
        if size <= _PART_BYTES:
            meter.sure(0)
            self.write(path, b"".join(source.blocks()))
            meter.at(size)
            return
        upload = self._unfinished(path) or self._call("create_multipart_upload", path)["UploadId"]
        try:
            parts = self._send_parts(path, source, upload, meter)
            self._call(
                "complete_multipart_upload", path, UploadId=upload, MultipartUpload={"Parts": parts}
            )
        except DamagedError:
            self._call("abort_multipart_upload", path, UploadId=upload)
            raise
        except FileNotFoundError as gone:  # another pod completed it meanwhile, or it was aborted
            if self.size(path) != size:
                msg = f"the upload of {path} was aborted"
                raise ConnectionError(msg) from gone

    def remove(self, path: str) -> None:
        """Take an object away."""
        self._call("delete_object", path)

    def remove_folder(self, path: str) -> None:
        """There are none."""

    def close(self) -> None:
        """Nothing is kept open."""

    def _send_parts(
        self, path: str, source: Source, upload: str, meter: Meter
    ) -> list[dict[str, Any]]:
        size = source.entry.size_bytes
        step = max(_PART_BYTES, -(-size // _MOST_PARTS))
        there = self._parts(path, upload)
        done: list[dict[str, Any]] = []
        position = sum(known["Size"] for known in there.values())
        meter.sure(position)
        for number, block in enumerate(source.blocks(0, step), start=1):
            known = there.get(number)
            if known is None or known["Size"] != len(block):
                known = self._call(
                    "upload_part", path, UploadId=upload, PartNumber=number, Body=block
                )
                position += len(block)
                meter.at(position)
            done.append({"PartNumber": number, "ETag": known["ETag"]})
        return done

    def _unfinished(self, path: str) -> str | None:
        """The oldest upload of this object that is under way."""
        key = self._key(path)
        found = self._call_bucket("list_multipart_uploads", Prefix=key).get("Uploads", [])
        ours = sorted((one["Initiated"], one["UploadId"]) for one in found if one["Key"] == key)
        return str(ours[0][1]) if ours else None

    def _parts(self, path: str, upload: str) -> dict[int, dict[str, Any]]:
        found: dict[int, dict[str, Any]] = {}
        marker = 0
        while True:
            page = self._call("list_parts", path, UploadId=upload, PartNumberMarker=marker)
            found |= {one["PartNumber"]: one for one in page.get("Parts", [])}
            if not page.get("IsTruncated"):
                return found
            marker = page["NextPartNumberMarker"]

    def _key(self, path: str) -> str:
        return f"{self._prefix}/{path}" if self._prefix else path

    def _call(self, method: str, path: str, **options: Any) -> Any:  # noqa: ANN401 - S3's answers
        return self._call_bucket(method, Key=self._key(path), **options)

    def _call_bucket(self, method: str, **options: Any) -> Any:  # noqa: ANN401 - the same
        try:
            return self._system.call_s3(method, Bucket=self._bucket, **options)
        except FileNotFoundError as missing:
            if "bucket" not in str(missing).lower():
                raise
            msg = f"there is no bucket {self._bucket}; make it, or correct LAMINA_STORE_URL"
            raise NotFoundError(msg) from missing
        except _no_credentials() as without:
            msg = (
                f"no credentials open the bucket {self._bucket}; set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY"
            )
            raise InvalidInputError(msg) from without


def _no_credentials() -> tuple[type[Exception], ...]:
    from botocore.exceptions import NoCredentialsError, PartialCredentialsError

    return (NoCredentialsError, PartialCredentialsError)
