"""What is shown of work on a terminal, where several threads work at once."""

import io
import threading

from rich.console import Console

from lamina.progress import Screen


def terminal() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=120)


def test_work_side_by_side_shares_one_screen() -> None:
    first, second, screen = terminal(), terminal(), Screen()
    both = threading.Barrier(2)

    def work(name: str, console: Console) -> None:
        with screen.row(console) as bars:
            bars.start(name, 4)
            both.wait()
            bars.advance(2)
            bars.say(f"{name} says")
            both.wait()

    threads = [
        threading.Thread(target=work, args=pair) for pair in (("Leases", first), ("Debt", second))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    drawn = [one.file.getvalue() for one in (first, second)]  # type: ignore[attr-defined]
    assert sum(bool(text) for text in drawn) == 1
    (shown,) = filter(None, drawn)
    assert all(word in shown for word in ("Leases says", "Debt says"))


def test_the_screen_is_lit_anew_when_work_begins_again() -> None:
    screen, later = Screen(), terminal()
    with screen.row(terminal()) as bars:
        bars.start("Leases", 1)

    with screen.row(later) as bars:
        bars.say("Debt says")

    assert "Debt says" in later.file.getvalue()  # type: ignore[attr-defined]
