import json
import math
from xml.etree import ElementTree as ET

from lamina.artifacts import ArtifactRef
from lamina.store import Store
from lamina.training.curve import NOTHING
from lamina.training.picture import BOTTOM, HEIGHT, LEFT, RIGHT, WIDTH, loss_picture

SVG = "{http://www.w3.org/2000/svg}"
CURVE = [
    {"step": 1, "train_loss": 2.0, "heldout_loss": None},
    {"step": 2, "train_loss": 1.5, "heldout_loss": 1.4},
    {"step": 3, "train_loss": 1.2, "heldout_loss": None},
    {"step": 4, "train_loss": 1.0, "heldout_loss": 1.6},
]


def parsed(title: str = "Leases") -> ET.Element:
    return ET.fromstring(loss_picture(title, CURVE, {"heldout_loss": 1.9}, "heldout_loss"))  # noqa: S314 - our own


def points(name: str) -> list[tuple[float, float]]:
    line = next(one for one in parsed().iter(f"{SVG}polyline") if one.get("class") == name)
    return [tuple(map(float, point.split(","))) for point in line.get("points", "").split()]


def test_both_losses_are_drawn_the_held_out_one_from_the_bare_base_on() -> None:
    assert [x for x, _ in points("train")] == sorted({x for x, _ in points("train")})
    assert points("held")[0][0] == LEFT
    assert len(points("held")) == 3


def test_a_lower_loss_stands_lower_and_all_lie_inside() -> None:
    heights = [y for _, y in points("held")]

    assert heights[1] == max(heights)
    for x, y in (*points("raw"), *points("train"), *points("held")):
        assert LEFT <= x <= WIDTH - RIGHT
        assert 0 < y <= HEIGHT - BOTTOM


def test_the_best_step_is_marked() -> None:
    line = next(one for one in parsed().iter(f"{SVG}line") if one.get("class") == "best")

    assert float(line.get("x1", "0")) == points("held")[1][0]


def test_the_colours_follow_the_readers_choice() -> None:
    assert "prefers-color-scheme:dark" in loss_picture("Leases", CURVE, NOTHING, "heldout_loss")


def test_a_name_cannot_break_the_picture() -> None:
    assert "a<b>&c" in [text.text for text in parsed("a<b>&c").iter(f"{SVG}text")]


def test_a_long_run_stays_a_small_file() -> None:
    long = [
        {"step": step, "train_loss": 1 + math.sin(step) / 9, "heldout_loss": None}
        for step in range(1, 20_001)
    ]

    assert len(loss_picture("Leases", long, NOTHING, "heldout_loss")) < 40_000


def test_the_layer_carries_its_picture(shared: Store, leases: ArtifactRef) -> None:
    told = json.loads((shared.path(leases) / "curve.json").read_bytes())

    drawn = loss_picture("leases", told["steps"], told["base"], told["chosen_by"])

    assert (shared.path(leases) / "loss.svg").read_text() == drawn


def test_the_picture_shows_and_names_what_the_step_was_chosen_by() -> None:
    curve = [{**entry, "answer_loss": entry["heldout_loss"]} for entry in CURVE]

    drawn = loss_picture("Leases", curve, {"answer_loss": 1.9}, "answer_loss")

    assert "loss on held-out answers (orange) from 1.900 to 1.400 at step 2" in drawn
