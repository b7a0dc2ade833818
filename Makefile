# The verbs of this project. `make` alone lists them; CONTRIBUTING.md explains them.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help up down preview shell tools test soak check lint type bench docs pictures build clean

help:  ## list the verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "error: there is no $(PYTHON); install Python 3.10 or later, or say: make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "error: $(PYTHON) is older than 3.10; say: make PYTHON=python3.11" >&2; exit 1; }
	@echo "making the virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# A new pyproject.toml may ask for other packages, so the stamp depends on it.
$(STAMP): pyproject.toml | $(VENV)/bin/python
	@echo "installing the package and its tools into $(VENV), about a minute"
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

up: $(STAMP)  ## apply the sample stack to the emulator, or to the server of INFLUX_HOST
	@$(PY) -m toolchain.sample up

preview: $(STAMP)  ## show what `make up` would change
	@$(PY) -m toolchain.sample preview

shell: $(STAMP)  ## a shell with the emulator running, to try pulumi by hand
	@$(PY) -m toolchain.sample shell

down: $(STAMP)  ## take the sample stack back
	@$(PY) -m toolchain.sample down

tools: $(STAMP)  ## find or build the Pulumi CLI, influxd, influxd 2.6, toxiproxy, actionlint
	@$(PY) -m toolchain pulumi --optional influxd influxd-2.6 toxiproxy actionlint

test: tools  ## every test, on the emulator, influxd and the real engine, then on the built wheel
	@$(PY) -m pytest --cov --cov-report=term $(if $(INFLUX_SECRETS_REQUIRE_REAL),--cov-fail-under=95) $(ARGS)
	@$(PY) -m toolchain.wheel

soak: tools  ## the tests that take many minutes, on influxd and the real engine
	@$(PY) -m pytest -m soak $(ARGS)
	$(if $(ARGS),,@$(PY) -m pytest -m "hypothesis and not soak" --hypothesis-profile=search)

check: lint type test  ## lint, types and tests: what must pass before a change is merged

lint: $(STAMP)  ## style, format and spelling
	@$(PY) -m ruff check --quiet .
	@$(PY) -m ruff format --quiet --check . || { echo "run: $(PY) -m ruff format ." >&2; exit 1; }
	@$(VENV)/bin/codespell

type: $(STAMP)  ## types, strictly
	@$(PY) -m mypy

bench: tools  ## measure, and write docs/benchmarks.md
	@$(PY) -c 'import matplotlib, pyperf' 2>/dev/null || $(PY) -m pip install --quiet --disable-pip-version-check --editable '.[dev,bench]'
	@$(PY) -m benchmarks $(ARGS)

docs: $(STAMP)  ## the site, into .cache/site; a warning is an error
	@NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --quiet --strict
	@echo ".cache/site/index.html; with its search: $(PY) -m http.server --bind 127.0.0.1 --directory .cache/site"

pictures: $(STAMP)  ## draw the pictures of README and site anew, from a real run
	@$(PY) -m toolchain pulumi
	@$(PY) -m toolchain.pictures
	@$(PY) -m toolchain.structure

build: $(STAMP)  ## the source distribution and the wheel, into dist/
	@rm -rf dist
	@$(PY) -m uv build --quiet --no-build-isolation --python $(PY) && ls dist/*

clean:  ## remove what was made here, the sample's state too; not the programs in the user's cache
	@# What a real server holds is known to that state alone.
	@if ls Pulumi.demo-*.yaml >/dev/null 2>&1; then \
	  echo "kept .demo: the sample is still on a server (Pulumi.demo-*.yaml); first: INFLUX_HOST=... make down"; \
	else rm -rf .demo Pulumi.demo.yaml; fi
	@rm -rf $(VENV) .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist htmlcov
	@rm -f .coverage .coverage.*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
