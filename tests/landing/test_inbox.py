"""What lies in the inbox, and whether it is whole yet."""

import os
from pathlib import Path

from lamina.fingerprint import file_digest
from lamina.landing.inbox import Look, look


def drop(inbox: Path, name: str, content: bytes = b"%PDF-1.7 leases") -> Path:
    path = inbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def seen(inbox: Path, *, after_s: float, known: frozenset[tuple[str, str]] = frozenset()) -> Look:
    files = sorted(path for path in inbox.rglob("*") if path.is_file())
    newest_s = max(path.stat().st_ctime for path in files)
    return look(inbox, files, known, file_digest, now_s=newest_s + after_s, settle_s=30)


def test_a_file_is_whole_once_it_was_quiet_for_the_settle_window(tmp_path: Path) -> None:
    drop(tmp_path, "Leases/a.pdf")

    early, late = seen(tmp_path, after_s=29), seen(tmp_path, after_s=31)

    assert (early.landed, early.growing) == ((), ("Leases/a.pdf",))
    assert [(one.layer, one.name) for one in late.landed] == [("Leases", "a.pdf")]


def test_a_copy_that_keeps_the_originals_old_time_is_still_growing(tmp_path: Path) -> None:
    path = drop(tmp_path, "Leases/a.pdf")
    os.utime(path, (1_000_000_000, 1_000_000_000))

    assert seen(tmp_path, after_s=5).growing == ("Leases/a.pdf",)


def test_a_file_that_changes_while_it_is_hashed_is_not_whole(tmp_path: Path) -> None:
    path = drop(tmp_path, "Leases/a.pdf")
    now_s = path.stat().st_ctime + 31

    def slow_digest(file: Path) -> str:
        file.write_bytes(b"more")
        os.utime(file, (now_s, now_s))
        return "0" * 64

    found = look(tmp_path, [path], frozenset(), slow_digest, now_s=now_s, settle_s=30)

    assert found.growing == ("Leases/a.pdf",)


def test_known_content_under_another_name_is_not_news(tmp_path: Path) -> None:
    path = drop(tmp_path, "Leases/renamed.pdf")
    known = frozenset({("Leases", file_digest(path))})

    assert seen(tmp_path, after_s=60, known=known).landed == ()


def test_known_content_in_another_layers_folder_is_news(tmp_path: Path) -> None:
    path = drop(tmp_path, "Debt/a.pdf")
    known = frozenset({("Leases", file_digest(path))})

    assert [one.layer for one in seen(tmp_path, after_s=60, known=known).landed] == ["Debt"]


def test_two_names_of_one_content_land_once(tmp_path: Path) -> None:
    drop(tmp_path, "Leases/a.pdf")
    drop(tmp_path, "Leases/b.pdf")

    assert len(seen(tmp_path, after_s=60).landed) == 1


def test_a_file_without_a_folder_feeds_the_general_layer(tmp_path: Path) -> None:
    drop(tmp_path, "a.pdf")

    assert [one.layer for one in seen(tmp_path, after_s=60).landed] == ["general"]


def test_a_folder_whose_name_no_layer_can_have_is_refused_and_the_others_go_on(
    tmp_path: Path,
) -> None:
    drop(tmp_path, "Leases/a.pdf")
    drop(tmp_path, "what is this?/b.pdf", b"%PDF-1.7 other")

    found = seen(tmp_path, after_s=60)

    assert [one.layer for one in found.landed] == ["Leases"]
    assert "what is this?" in found.refused[0]
