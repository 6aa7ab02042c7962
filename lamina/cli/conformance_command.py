"""Whether a server of layers, of whatever make, keeps them apart."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from lamina.cli.front import Choice, command
from lamina.errors import MismatchError


@command("check_server", "Serve and measure", "check_server http://localhost:8080 --layers A,B")
def check_server(
    url: Annotated[str, typer.Argument(help="the server's address")],
    layers: Annotated[str, typer.Option(help="two layers that it serves, as A,B")],
    alien: Annotated[str | None, typer.Option(help="a layer of another base that it lists")] = None,
    key: Annotated[str | None, typer.Option(help="its key; default: LAMINA_API_KEY")] = None,
) -> None:
    """Check that a server keeps layers apart: ours, llama-server, any that takes `model`."""
    from lamina import conformance, settings
    from lamina.layer_server import client

    own = settings.load().api_key
    said = key or (own.get_secret_value() if own else None)
    names = tuple(name.strip() for name in layers.split(",") if name.strip())
    results = []
    with client(url, said, timeout=300.0) as http:
        for result in conformance.check_server(http, names, alien):
            results.append(result)
            if not Choice.as_json:
                print(f"{result.verdict:<12} {result.check}: {result.sentence}", flush=True)
    if Choice.as_json:
        print(json.dumps([asdict(result) for result in results], indent=1))
    failed = [result.check for result in results if result.verdict == "fail"]
    if failed:
        msg = f"{url} does not keep {len(failed)} of {len(results)} promises: {', '.join(failed)}"
        raise MismatchError(msg)
