"""What a command did, told at its end: made and measured, moved, and what to run next.

Pure. Stages give the pieces, commands and flows add them up; people read the lines, programs the
JSON.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from lamina.errors import size

SHOWN = 30  # of one kind on the terminal; JSON has all

Figure = float | int | str | None

NEXT = {
    "pdf_pretest": ("lamina train_layers --plan",),
    "build_dataset": ("lamina train_layers --plan",),
    "study": ("lamina train_layers --plan",),
    "train_level": ("lamina merge_level", "lamina qa_layers"),
    "train_layers": ("lamina qa_layers", "lamina serve"),
    "train_all": ("lamina qa_layers", "lamina serve"),
    "qa_layers": ("lamina publish_layers (verdicts decide what serves)", "lamina serve"),
    "publish_layers": ("lamina versions",),
    "export_layers": ("lamina qa_layers", "lamina serve"),
    "import_layer": ("lamina qa_layers", "lamina serve"),
    "fold_blend": ("lamina qa_layers", "lamina serve"),
    "merge_level": ("lamina convert_to_gguf --merged",),
    "convert_to_gguf": ("lamina serve",),
}


@dataclass(frozen=True)
class Made:
    """One thing that a command made, or found up to date."""

    name: str
    path: Path
    figures: Mapping[str, Figure] = field(default_factory=dict)
    new: bool = True
    content: object = None  # for a program, which need not open the file

    def lines(self) -> Iterator[str]:
        """Its place, and beneath it what was measured."""
        yield f"  {self.name}: {self.path}"
        known = {name: value for name, value in self.figures.items() if value is not None}
        if known:
            yield "    " + ", ".join(_told(name, value) for name, value in known.items())


@dataclass(frozen=True)
class Moved:
    """Files that are somewhere else now."""

    files: tuple[str, ...]
    to: Path

    def lines(self) -> Iterator[str]:
        """How many, where to, and which."""
        count = f"{len(self.files)} file{'' if len(self.files) == 1 else 's'}"
        yield f"  {count} to {self.to}: {listed(self.files, most=3)}"


@dataclass(frozen=True)
class Summary:
    """The end of a command; `+` adds what another step did."""

    made: tuple[Made, ...] = ()
    moved: tuple[Moved, ...] = ()
    next: tuple[str, ...] = ()

    def __add__(self, other: "Summary") -> "Summary":
        known = {one.name: one for one in (*self.made, *other.made)}
        return Summary(
            made=tuple(known.values()),
            moved=self.moved + other.moved,
            next=tuple(dict.fromkeys(self.next + other.next)),
        )

    def then(self, command: str) -> "Summary":
        """With what people run after this command."""
        usual = NEXT.get(command, ())
        return replace(self, next=tuple(dict.fromkeys((*usual, *self.next))))

    def lines(self) -> Iterator[str]:
        """For a person: a heading for each kind that there is something to say of."""
        new = [one for one in self.made if one.new]
        old = [one for one in self.made if not one.new]
        for heading, part in (("made", new), ("up to date", old), ("moved", self.moved)):
            if part:
                yield f"{heading}:"
            for one in part[:SHOWN]:
                yield from one.lines()
            if len(part) > SHOWN:
                yield f"  and {len(part) - SHOWN} more; --json lists them all"
        if self.next:
            yield f"next: {', or '.join(self.next)}"

    def json(self) -> str:
        """For a program: everything, paths as text."""
        told = asdict(self)
        for one in told["made"]:
            if one["content"] is None:
                del one["content"]
        return json.dumps(told, indent=1, default=str, ensure_ascii=False)


def _told(name: str, value: Figure) -> str:
    if name == "bytes" and isinstance(value, int):
        return size(value)
    return f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"


def listed(names: Collection[str], most: int = 4) -> str:
    """The first few, and how many more there are."""
    shown = ", ".join([*names][:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
