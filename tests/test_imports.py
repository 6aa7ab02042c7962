"""Importing the product is free: heavy libraries are loaded where they are used."""

import json
import pkgutil
import subprocess
import sys

import lamina

HEAVY = (
    "torch", "transformers", "peft", "bitsandbytes", "llama_cpp", "pypdfium2", "pdfplumber",
    "pikepdf", "reportlab", "prefect", "fastapi", "uvicorn",
)  # fmt: skip


def loaded_by(names: list[str]) -> list[str]:
    """Heavy libraries that a fresh interpreter has after importing these modules."""
    probe = (
        f"import importlib, json, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        f"print(json.dumps(sorted(set({HEAVY!r}) & set(sys.modules))))"
    )
    return json.loads(subprocess.check_output([sys.executable, "-c", probe]))


def modules() -> list[str]:
    found = (module.name for module in pkgutil.walk_packages(lamina.__path__, "lamina."))
    return [name for name in found if not name.endswith("__main__")]


def test_no_module_outside_the_servers_api_loads_a_heavy_library() -> None:
    """But for the kernels of training, which are torch; only functions import them."""
    apart = ("lamina.serving", "lamina.training.fused")
    own = [name for name in modules() if not name.startswith(apart)]

    assert loaded_by(own) == []


def test_what_flows_use_of_the_server_loads_no_llama_cpp() -> None:
    assert loaded_by(["lamina.serving.launch"]) == []


def test_the_command_line_loads_no_settings_before_a_command_asks() -> None:
    probe = "import sys, lamina.cli; print('pydantic' in sys.modules)"

    assert subprocess.check_output([sys.executable, "-c", probe], text=True).strip() == "False"
