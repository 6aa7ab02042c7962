"""The checks of a server that serves layers: ours keeps them all, faulty ones are caught."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import tiny_gguf

from lamina.conformance import Result, check_server
from lamina.errors import BusyError, InvalidInputError, NotFoundError
from lamina.serving.launch import running_server

LAYERS = ("A", "B")


@pytest.fixture(scope="module")
def server_url(
    base_gguf: Path, layer_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A server of its own, with a layer of another base among its files."""
    folder = tmp_path_factory.mktemp("checked")
    for name in LAYERS:
        (folder / f"{name}.gguf").write_bytes((layer_folder / f"{name}.gguf").read_bytes())
    other = tiny_gguf.write_base(folder.parent / "other.gguf", seed=5)
    tiny_gguf.write_layer(folder / "alien.gguf", other, seed=3)
    with running_server(base_gguf, adapters=folder, n_ctx=512, n_threads=1) as url:
        yield url


class Fake:
    """A server of layers, as small as can be; `fault` is what it does wrong."""

    def __init__(self, fault: str = "", *, by_number: bool = False) -> None:
        self.fault = fault
        self.by_number = by_number
        self.last = ""
        self.asked = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/models":
            names = [] if self.by_number else ["base", *LAYERS]
            return httpx.Response(200, json={"data": [{"id": name} for name in names]})
        if request.url.path == "/lora-adapters":
            known = [{"id": at, "path": f"{name}.gguf"} for at, name in enumerate(LAYERS)]
            return httpx.Response(200, json=known)
        body = json.loads(request.content)
        self.asked += 1
        try:
            who = self.who(body)
        except KeyError:
            return httpx.Response(404, json={"error": {"message": "no such layer"}})
        said = f"{who} goes on with {body['prompt'][-40:]}"
        if body.get("stream"):
            return httpx.Response(200, text="data: {}\n\n" * 3)
        return httpx.Response(200, json={"choices": [{"text": said}]})

    def who(self, body: dict) -> str:
        scales = {
            LAYERS[one["id"]] if "id" in one else one["name"]: one["scale"]
            for one in body.get("lora", ())
            if one.get("id", 0) < len(LAYERS)
        }
        strange = any(one.get("id", 0) >= len(LAYERS) for one in body.get("lora", ()))
        model = body.get("model", "base")
        if (strange or model not in {"base", *LAYERS}) and self.fault != "unknown":
            raise KeyError
        scales |= {model: 1.0} if model in LAYERS else {}
        kept = sorted(
            (name, scale) for name, scale in scales.items() if scale or self.fault == "zero"
        )
        if self.fault == "order":
            kept = [(name, scale) for name, scale in scales.items() if scale]
        if self.fault == "blends" and len(kept) > 1:
            kept = [(kept[0][0], 1.0)]
        who = "+".join(f"{name}:{scale}" for name, scale in kept) or "base"
        if self.fault == "stale" and body.get("cache_prompt", True) and self.last not in {who, ""}:
            who, self.last = self.last, who
            return who
        if (
            self.fault == "no choice"
            and "lora" not in body
            and "model" not in body
            and body.get("cache_prompt", True)
        ):
            return self.last
        self.last = who
        return who


def failed(fake: Callable[[httpx.Request], httpx.Response]) -> dict[str, str]:
    with httpx.Client(transport=httpx.MockTransport(fake), base_url="http://fake") as http:
        results = list(check_server(http, LAYERS))
    return {one.check: one.sentence for one in results if one.verdict == "fail"}


def test_our_server_keeps_every_promise(server_url: str) -> None:
    with httpx.Client(base_url=server_url, timeout=60, trust_env=False) as http:
        results = list(check_server(http, LAYERS, alien="alien"))

    assert [one for one in results if one.verdict != "pass"] == []
    assert len(results) == 11


@pytest.mark.parametrize("by_number", [False, True])
def test_a_faultless_server_passes_in_either_interface(*, by_number: bool) -> None:
    assert failed(Fake(by_number=by_number)) == {}


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("stale", "swap"),
        ("zero", "zero scale"),
        ("order", "blends"),
        ("blends", "blends"),
        ("unknown", "unknown name"),
        ("no choice", "no choice after a choice"),
    ],
)
def test_a_fault_fails_its_check(fault: str, check: str) -> None:
    assert check in failed(Fake(fault, by_number=True))


def test_layers_without_effect_prove_nothing() -> None:
    fake = Fake()
    fake.who = lambda _body: "the same"  # type: ignore[method-assign]
    with httpx.Client(transport=httpx.MockTransport(fake), base_url="http://fake") as http:
        results = list(check_server(http, LAYERS))

    assert results[0] == Result(
        "layers answer",
        "fail",
        "base and layers give the same answers to every prompt, or answers that vary",
    )
    assert {one.verdict for one in results if one.check in {"swap", "zero scale"}} == {
        "not offered"
    }


def test_what_cannot_be_checked_is_one_sentence() -> None:
    fake = httpx.MockTransport(Fake())
    with httpx.Client(transport=fake, base_url="http://fake") as http:
        with pytest.raises(NotFoundError, match="no layer C; it lists: A, B, base"):
            list(check_server(http, ("A", "C")))
        with pytest.raises(InvalidInputError, match="two layers"):
            list(check_server(http, ("A",)))
    with (
        httpx.Client(base_url="http://127.0.0.1:9") as http,
        pytest.raises(BusyError, match="no server"),
    ):
        list(check_server(http, LAYERS))
