"""Prints the requirements of some extras, so that an image installs them before the sources."""

import sys
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
extras = project["optional-dependencies"]
wanted = {*project["dependencies"], *(line for name in sys.argv[1:] for line in extras[name])}
print("\n".join(sorted(wanted)))
