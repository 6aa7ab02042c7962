# The two commands of a newcomer are `make demo` and `make test`; both set everything up first.
.DEFAULT_GOAL := help
SHELL := /bin/bash
BIN := .venv/bin
READY := .venv/.ready

.PHONY: help setup demo up down ps test browser services check unit slow lock clean

help:  ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY)  ## the virtual environment, with everything pinned
$(READY): pyproject.toml constraints.txt scripts/setup.sh scripts/llama.cmake \
		$(addprefix scripts/,install.py llama_wheel.py programs.py shelf.py unpack_converters.py)
	@bash scripts/setup.sh
	@touch $@

demo: setup  ## the main job on the embedded base: PDFs to layers to a measured table
	@$(BIN)/lamina demo $(DEMO)

up: setup  ## server, two workers, layer server and watcher on this machine
	@bash deployments/up.sh up

down:  ## end what `make up` started
	@bash deployments/up.sh down

ps:  ## what `make up` started
	@bash deployments/up.sh ps

test: setup browser services check unit  ## everything CI runs

browser:  ## Chromium for the browser tests, where it can be installed
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } \
		|| echo "no Chromium here, and no right to install it: browser tests will be skipped"

services:  ## sshd and PostgreSQL for the tests of the pods, where they can be installed
	@bash scripts/services.sh

check: setup  ## lint, types, architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The tests of whole systems wait for processes most of the time, so they go on beside the others,
# and training's follow them, to shorten the other lane.
QUICK := not service and not slow and not gpu
unit: setup  ## the tests
	@log=$$(mktemp); \
	{ $(BIN)/pytest -m 'service and not slow'; systems=$$?; \
		$(BIN)/pytest -m '$(QUICK)' tests/training; exit $$((systems | $$?)); } >$$log 2>&1 & lane=$$!; \
	$(BIN)/pytest -m '$(QUICK)' --ignore=tests/training; rest=$$?; \
	wait $$lane; other=$$?; cat $$log; rm -f $$log; exit $$((rest | other))

slow: setup  ## the tests that take minutes
	$(BIN)/pytest -m slow

lock: setup  ## rewrite constraints.txt from what is installed
	@$(BIN)/python -m pip list --format=freeze --exclude-editable \
		| grep -ivE '^(pip|setuptools|wheel|lamina)==' | sed 's/+cpu$$//' | LC_ALL=C sort -f \
		> constraints.new && mv constraints.new constraints.txt

clean:  ## remove the virtual environment and the demo's workspace
	rm -rf .venv workspace-demo
