"""Who looks at what pods write and run learns no key of theirs.

The house is given one of every kind. Its logs, its stores and its server's database are read as
they lie on the disk, after all that the tests before this one did.
"""

from pathlib import Path

import pytest
from house import House
from planted_keys import planted

pytestmark = [pytest.mark.service, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def busy(house: House) -> House:
    """Each pod did something for which it needs its keys."""
    house.answer("base", "Who may sign a lease?")
    asked = house.start("doctor/examine-pod")
    trained = house.start("merge-and-convert/merge-into-base")
    assert house.wait(asked)["state_name"] == "Completed"
    house.wait(trained)
    return house


def test_no_secret_stands_in_a_file(busy: House) -> None:
    telling = [
        (path.relative_to(busy.root), secret)
        for path in busy.root.rglob("*")
        if path.is_file()
        for secret in planted()
        if secret in path.read_bytes()
    ]

    assert (busy.root / "prefect" / "prefect.db").stat().st_size
    assert telling == []


def test_no_secret_stands_on_a_command_line(busy: House) -> None:
    said = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in busy.processes()]

    assert len(said) > 5
    assert not [line for line in said if any(secret in line for secret in planted())]
