# The two commands of a newcomer are `make demo` and `make test`; both set everything up first.
.DEFAULT_GOAL := help
SHELL := /bin/bash
BIN := .venv/bin
READY := .venv/.ready
# Compiled once and not in each of the hundreds of processes that the tests start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo demo-real up down ps test browser services check unit slow gpu images lock \
	clean

help:  ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY)  ## the virtual environment, with everything pinned
$(READY): pyproject.toml constraints.txt scripts/setup.sh scripts/llama.cmake \
		$(addprefix scripts/,install.py llama_wheel.py programs.py shelf.py unpack_converters.py)
	@bash scripts/setup.sh
	@touch $@

demo: setup  ## the main job on the embedded base: PDFs to layers to a measured table
	@$(BIN)/lamina demo $(DEMO)

demo-real: setup  ## the same on SmolLM2, a real base out of a wheel on PyPI; about 11 minutes
	@$(BIN)/lamina demo --base smollm2 $(DEMO)

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

services:  ## sshd, PostgreSQL and libfaketime for the tests of the pods, where they can be installed
	@bash scripts/services.sh

check: setup  ## lint, types, architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# One worker more than there are processors: a test of a whole system waits most of the time. Which
# tests stay together on a worker, and what begins first, is said in tests/conftest.py.
WORKERS ?= $(shell expr $$(nproc) + 1)
# Programs that share processors pin their threads: one that spins takes a processor from another.
unit slow gpu images: export OMP_NUM_THREADS := 1
unit slow gpu images: export OMP_WAIT_POLICY := PASSIVE

unit: setup  ## the tests
	$(BIN)/pytest -n $(WORKERS) --no-loadscope-reorder

slow: setup  ## the tests that take minutes, and property tests on examples never tried before
	$(BIN)/pytest -m "slow or hypothesis" --hypothesis-profile=exploring

gpu: setup  ## the tests that need a GPU
	$(BIN)/pytest -m gpu

images: setup  ## build the pods' images and run them, with an engine or without
	@bash scripts/images.sh build
	$(BIN)/pytest -m images tests/pods

lock: setup  ## rewrite constraints.txt from what is installed
	@$(BIN)/python -m pip list --format=freeze --exclude-editable \
		| grep -ivE '^(pip|setuptools|wheel|lamina)==' | sed 's/+cpu$$//' | LC_ALL=C sort -f \
		> constraints.new && mv constraints.new constraints.txt

clean:  ## remove the virtual environment and the demos' workspaces
	rm -rf .venv workspace-demo workspace-demo-real
