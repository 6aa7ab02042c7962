"""The same breaks on the way to S3, whose uploads come in parts."""

import pytest
from builders import MB, MakeLayer, MakePod, impatient, is_whole, pull_refs, push_refs
from wire import wire_to

from lamina.errors import BusyError


def test_a_large_upload_to_s3_goes_on_with_the_parts_that_are_there(
    make_pod: MakePod, s3_port: int, bucket: str, make_layer: MakeLayer
) -> None:
    size = 40 * MB
    with wire_to(s3_port) as wire:
        chosen = {
            "store_url": f"s3://{bucket}/depot",
            "store_s3_endpoint": f"http://127.0.0.1:{wire.port}",
        }
        gpu, cpu = make_pod("gpu", **chosen), make_pod("cpu", **chosen)
        ref = make_layer(gpu, size=size)
        wire.last_up = 24 * MB  # in the second part of 16 MB
        with pytest.raises(BusyError, match="still missing: 2 files"):
            push_refs(impatient(gpu), [ref])
        wire.last_up, wire.refusing, wire.up = None, False, 0

        push_refs(gpu, [ref])

        assert 24 * MB < wire.up < 25 * MB
        pull_refs(cpu, [ref])
        assert is_whole(cpu, ref)


def test_a_download_from_s3_that_is_cut_goes_on_where_it_stopped(
    make_pod: MakePod, s3_port: int, bucket: str, make_layer: MakeLayer
) -> None:
    size = 24 * MB
    with wire_to(s3_port) as wire:
        chosen = {
            "store_url": f"s3://{bucket}/depot",
            "store_s3_endpoint": f"http://127.0.0.1:{wire.port}",
        }
        gpu, cpu = make_pod("gpu", **chosen), make_pod("cpu", **chosen)
        ref = make_layer(gpu, size=size)
        push_refs(gpu, [ref])
        wire.down, wire.cuts = 0, [(None, 5 * MB)] * 8  # every answer longer than that is cut
        wire.connections = 0

        pull_refs(cpu, [ref])

        assert wire.down < size + 8 * 5 * MB
        assert is_whole(cpu, ref)


def test_an_s3_that_nobody_answers_for_is_told_with_what_to_do(
    make_pod: MakePod, bucket: str, make_layer: MakeLayer
) -> None:
    chosen = {"store_url": f"s3://{bucket}/depot", "store_s3_endpoint": "http://127.0.0.1:9"}
    pod = impatient(make_pod("gpu", **chosen))

    with pytest.raises(BusyError, match=r"the depot s3://.* and run again"):
        push_refs(pod, [make_layer(pod)])
