"""Nobody is believed: hosts, keys, and depots that are hostile."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import MakeLayer, MakePod, pull_refs, push_refs
from ssh_server import SshServer, make_key

from lamina.artifacts import ArtifactRef
from lamina.errors import DamagedError, InvalidInputError, MismatchError, NotFoundError
from lamina.fingerprint import canonical, text_digest
from lamina.handover.address import parse
from lamina.stages import handover
from lamina.store import MANIFEST

OverSsh = Callable[[int], dict[str, object]]


# -- hosts and keys --------------------------------------------------------------------------------


def test_an_unknown_host_is_refused_with_the_way_to_make_it_known(
    make_pod: MakePod, over_ssh: OverSsh, sshd: SshServer, tmp_path: Path
) -> None:
    nobody = tmp_path / "known_hosts"
    nobody.touch()
    pod = make_pod("gpu", **over_ssh(sshd.port) | {"store_known_hosts": nobody})

    with pytest.raises(InvalidInputError, match=r"is not in .*known_hosts") as error:
        handover.newest_heads(pod)

    assert f"ssh-keyscan -p {sshd.port} 127.0.0.1 >> {nobody}" in str(error.value)
    assert "ssh-ed25519 SHA256:" in str(error.value)


def test_a_host_with_another_key_than_the_known_one_is_refused(
    make_pod: MakePod, over_ssh: OverSsh, sshd: SshServer, tmp_path: Path
) -> None:
    other = make_key(tmp_path / "other").with_suffix(".pub").read_text()
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{sshd.port} {other}")
    pod = make_pod("gpu", **over_ssh(sshd.port) | {"store_known_hosts": known})

    with pytest.raises(MismatchError, match="has another key than the one in"):
        handover.newest_heads(pod)


def test_a_key_that_the_host_does_not_take_is_named(
    make_pod: MakePod, over_ssh: OverSsh, sshd: SshServer, tmp_path: Path
) -> None:
    key = make_key(tmp_path / "stranger")
    pod = make_pod("gpu", **over_ssh(sshd.port) | {"store_key_file": key})

    with pytest.raises(InvalidInputError, match=r"does not take .*stranger .*authorized_keys"):
        handover.newest_heads(pod)


def test_a_key_file_that_is_not_there_is_named(
    make_pod: MakePod, over_ssh: OverSsh, sshd: SshServer, tmp_path: Path
) -> None:
    pod = make_pod("gpu", **over_ssh(sshd.port) | {"store_key_file": tmp_path / "none"})

    with pytest.raises(InvalidInputError, match="correct LAMINA_STORE_KEY_FILE"):
        handover.newest_heads(pod)


def test_a_file_that_is_no_key_is_named_at_once(
    make_pod: MakePod, over_ssh: OverSsh, sshd: SshServer, tmp_path: Path
) -> None:
    (tmp_path / "notes").write_text("no key")
    pod = make_pod("gpu", **over_ssh(sshd.port) | {"store_key_file": tmp_path / "notes"})

    with pytest.raises(InvalidInputError, match=r"no usable key in .*notes .*ssh-keygen"):
        handover.newest_heads(pod)


def test_a_pod_without_any_key_is_told_to_make_one(
    make_pod: MakePod, over_ssh: OverSsh, sshd: SshServer, monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # fmt: skip
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    pod = make_pod("gpu", **over_ssh(sshd.port) | {"store_key_file": None})

    with pytest.raises(InvalidInputError, match=r"no usable key in ~/\.ssh.*ssh-keygen"):
        handover.newest_heads(pod)


def test_a_bucket_that_is_not_there_and_missing_credentials_are_named(
    make_pod: MakePod, s3_port: int, bucket: str, make_layer: MakeLayer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    chosen = {"store_s3_endpoint": f"http://127.0.0.1:{s3_port}"}
    pod = make_pod("gpu", store_url="s3://nobodys-bucket/depot", **chosen)

    with pytest.raises(NotFoundError, match="there is no bucket nobodys-bucket"):
        push_refs(pod, [make_layer(pod)])

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    with pytest.raises(InvalidInputError, match="set AWS_ACCESS_KEY_ID"):
        handover.newest_heads(make_pod("gpu", store_url=f"s3://{bucket}/depot", **chosen))


# -- addresses -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "kind", "path"),
    [
        ("/mnt/depot", "file", "/mnt/depot"),
        ("file:///mnt/a%20depot", "file", "/mnt/a depot"),
        ("sftp://me@pod:2222/depot/", "sftp", "/depot"),
        ("sftp://pod/~/depot", "sftp", "depot"),
        ("s3://bucket/a/prefix/", "s3", "bucket/a/prefix"),
    ],
)
def test_an_address_says_what_carries_and_where(url: str, kind: str, path: str) -> None:
    address = parse(url)

    assert (address.kind, address.path) == (kind, path)


@pytest.mark.parametrize(
    "url", ["", "ftp://host/depot", "sftp://host", "s3:///x", "file://host/x", "sftp://h:99999/x"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError, match="LAMINA_STORE_URL"):
        parse(url)


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(InvalidInputError, match="holds a password") as error:
        parse("sftp://me:secret@pod/depot")

    assert "secret" not in str(error.value)


def test_a_volume_that_is_not_mounted_is_not_made_up(
    make_pod: MakePod, make_layer: MakeLayer, tmp_path: Path
) -> None:
    pod = make_pod("gpu", store_url=str(tmp_path / "volume" / "depot"))

    with pytest.raises(NotFoundError, match="mount the volume"):
        push_refs(pod, [make_layer(pod)])

    assert not (tmp_path / "volume").exists()


# -- depots that lie -------------------------------------------------------------------------------


Change = Callable[[dict[str, Any]], None]


def named(name: str) -> Change:
    """The manifest's first file under another name."""

    def change(manifest: dict[str, Any]) -> None:
        manifest["files"] = {name: manifest["files"]["adapter.gguf"]}

    return change


def sized(size: int) -> Change:
    def change(manifest: dict[str, Any]) -> None:
        manifest["files"]["adapter.gguf"]["size_bytes"] = size

    return change


def tampered(depot: Path, ref: ArtifactRef, change: Change) -> ArtifactRef:
    """The artifact as a hostile depot has it: changed, and under a digest that fits the change."""
    folder = depot / ref.kind / ref.digest
    manifest = json.loads((folder / MANIFEST).read_bytes())
    change(manifest)
    files = {name: entry["sha256"] for name, entry in manifest["files"].items()}
    digest = text_digest(canonical({"files": files, "facts": manifest["facts"]}))
    manifest["digest"] = digest
    (folder / MANIFEST).write_text(json.dumps(manifest))
    if digest != ref.digest:
        folder.rename(folder.with_name(digest))
    return ArtifactRef(kind=ref.kind, digest=digest)


@pytest.mark.parametrize(
    "name", ["../../../escaped", "/srv/escaped", "a/../../escaped", "a//b", "a\\b", MANIFEST, ""]
)
def test_a_file_name_that_leads_out_of_the_artifact_is_refused(
    make_pod: MakePod, make_layer: MakeLayer, tmp_path: Path, name: str
) -> None:
    gpu, cpu = (make_pod(name, store_url=str(tmp_path / "depot")) for name in ("gpu", "cpu"))
    ref = make_layer(gpu)
    push_refs(gpu, [ref])
    hostile = tampered(tmp_path / "depot", ref, named(name))

    with pytest.raises(DamagedError, match=r"manifest that came .* cannot be used"):
        pull_refs(cpu, [hostile])

    assert not list(tmp_path.rglob("*escaped"))


def test_a_manifest_of_something_else_is_refused(
    make_pod: MakePod, make_layer: MakeLayer, tmp_path: Path
) -> None:
    gpu, cpu = (make_pod(name, store_url=str(tmp_path / "depot")) for name in ("gpu", "cpu"))
    wanted, other = make_layer(gpu, seed=1), make_layer(gpu, seed=2)
    push_refs(gpu, [wanted, other])
    there = tmp_path / "depot" / wanted.kind
    (there / wanted.digest / MANIFEST).write_bytes((there / other.digest / MANIFEST).read_bytes())

    with pytest.raises(DamagedError, match="is that of something else"):
        pull_refs(cpu, [wanted])


def test_facts_that_were_changed_on_the_way_are_noticed(
    make_pod: MakePod, make_layer: MakeLayer, tmp_path: Path
) -> None:
    gpu, cpu = (make_pod(name, store_url=str(tmp_path / "depot")) for name in ("gpu", "cpu"))
    ref = make_layer(gpu)
    push_refs(gpu, [ref])
    path = tmp_path / "depot" / ref.kind / ref.digest / MANIFEST
    path.write_text(path.read_text().replace("0.25", "0.01"))

    with pytest.raises(DamagedError, match="is that of something else"):
        pull_refs(cpu, [ref])


@pytest.mark.parametrize("size", [49_999, 50_001, 10**15, -1])
def test_a_size_that_is_not_true_is_refused(
    make_pod: MakePod, make_layer: MakeLayer, tmp_path: Path, size: int
) -> None:
    gpu, cpu = (make_pod(name, store_url=str(tmp_path / "depot")) for name in ("gpu", "cpu"))
    ref = make_layer(gpu)
    push_refs(gpu, [ref])
    hostile = tampered(tmp_path / "depot", ref, sized(size))

    with pytest.raises(Exception, match=r"instead of|cannot be used|are free") as error:
        pull_refs(cpu, [hostile])

    assert type(error.value).__module__ == "lamina.errors"
    assert not cpu.store.path(hostile).exists()
