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

# Most tests wait for Kafka, PostgreSQL or a page. Each worker has its own of these; a file's tests stay together.
SIDE_BY_SIDE := -n 2 --dist loadfile

UI := web/dist/index.html
UI_SOURCES := $(shell find web/src web/public web/scripts -type f 2>/dev/null) $(wildcard web/*.json web/*.ts web/*.html)

.PHONY: help setup ui tools up demo test test-browser check check-code check-web check-tests bench bench-engine bench-matcher fmt clean lock
help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*?## ' $(MAKEFILE_LIST) | awk -F ':.*?## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(READY): requirements.lock $(PACKAGES:%=%/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.13 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up $(VENV) (once) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation $(PACKAGES:%=-e %)
	@touch $@

setup: $(READY) ## Set up the virtual environment

$(UI): $(UI_SOURCES) | $(READY)
	@echo "Building the UI …"
	@web/with-node npm run --silent build

ui: $(UI) ## Build the UI

tools: setup
	@$(BIN)/python -m tests.support.tools

up: setup ui ## Run the product with the UI on embedded Kafka and PostgreSQL (Ctrl-C stops it)
	@$(BIN)/automations up

demo: setup ui ## Show one automation from registration to the completed run
	@$(BIN)/automations demo

test: setup ui tools ## Run every test
	@web/with-node npm run --silent test
	@$(BIN)/pytest $(SIDE_BY_SIDE)

test-browser: setup ui tools ## Run the tests in a real browser
	@$(BIN)/pytest tests/browser

check: setup ## Format, lint, types, architecture, dependencies, unit and contract tests
	@$(MAKE) --no-print-directory -j2 -Otarget check-code check-web check-tests

check-code:
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports | tail -n +8
	@for p in $(PACKAGES); do (cd $$p && $(CURDIR)/$(BIN)/deptry . --no-ansi 2>&1 | grep -vE '^(Scanning|Success|$$)' && exit 1 || exit 0) || exit 1; done

check-web:
	@web/with-node npm run --silent check

check-tests:
	@$(BIN)/pytest -q -p no:playwright $(SIDE_BY_SIDE) tests/unit tests/contract

bench: setup ## Measure; prints a table and writes benchmarks/latest.json
	@$(BIN)/python -m benchmarks

bench-matcher: setup ## Measure trigger-matcher alone: events matched, from Kafka to command, loading, changes
	@$(BIN)/python -m benchmarks matcher

bench-engine: setup ## Measure the engine, beside another one and PostgreSQL's own limit
	@$(BIN)/python -m benchmarks engine

fmt: setup ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --python-version 3.11 --custom-compile-command "make lock" \
  --no-emit-package automations-common --no-emit-package automations-embedded

lock: ## Pin all dependencies anew; then for each image its share of them
	@$(COMPILE) pyproject.toml $(PACKAGES:%=%/pyproject.toml) -o requirements.lock
	@$(COMPILE) web/nodejs-requirements.in -o web/nodejs-requirements.lock
	@for p in $(IMAGES); do $(COMPILE) $$p/pyproject.toml -c requirements.lock -o $$p/requirements.lock || exit 1; done

clean: ## Remove the environment, the data and the caches
	rm -rf $(VENV) web/node_modules web/dist .automations .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache test-results
	find . -name __pycache__ -type d -not -path './node_modules/*' -prune -exec rm -rf {} +
