# Everything a person runs. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := libs/common libs/embedded services/api services/trigger-matcher services/executor services/notifier cli examples/demo-crm
IMAGES := services/api services/trigger-matcher services/executor services/notifier examples/demo-crm
READY := $(VENV)/.ready
UV_VERSION := $(shell sed -n 's/^ *"uv==\([0-9.]*\)".*/\1/p' pyproject.toml)

.PHONY: help setup up demo test check bench fmt clean lock
help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*?## ' $(MAKEFILE_LIST) | awk -F ':.*?## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(READY): requirements.lock $(PACKAGES:%=%/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.13 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up $(VENV) (once) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation $(PACKAGES:%=-e %)
	@touch $@

setup: $(READY) ## Set up the virtual environment

up: setup ## Run the product with the UI on embedded Kafka and PostgreSQL (Ctrl-C stops it)
	@$(BIN)/automations up

demo: setup ## Show one automation from registration to the completed run
	@$(BIN)/automations demo

test: setup ## Run every test
	@$(BIN)/pytest

check: setup ## Format, lint, types, architecture, dependencies, unit and contract tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@for p in $(PACKAGES); do (cd $$p && $(CURDIR)/$(BIN)/deptry . --no-ansi) || exit 1; done
	@$(BIN)/pytest -q tests/unit tests/contract

bench: setup ## Measure; prints a table and writes benchmarks/latest.json
	@$(BIN)/python -m benchmarks

fmt: setup ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --python-version 3.11 --custom-compile-command "make lock" \
  --no-emit-package automations-common --no-emit-package automations-embedded

lock: ## Pin all dependencies anew; then for each image its share of them
	@$(COMPILE) pyproject.toml $(PACKAGES:%=%/pyproject.toml) -o requirements.lock
	@for p in $(IMAGES); do $(COMPILE) $$p/pyproject.toml -c requirements.lock -o $$p/requirements.lock || exit 1; done

clean: ## Remove the environment, the data and the caches
	rm -rf $(VENV) .automations .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache test-results
	find . -name __pycache__ -type d -not -path './node_modules/*' -prune -exec rm -rf {} +
