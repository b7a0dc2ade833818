# The verbs of this project. `make` alone lists them; CONTRIBUTING.md explains them.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
# A file for each set of extras: a verb installs what it needs when it first runs.
RUN := $(VENV)/.with-emulator
TEST := $(VENV)/.with-cli,emulator,test
DEV := $(VENV)/.with-dev
# With this variable, each of the thousand processes that the tests start compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE
# With xdist on all processors; what is marked `alone` runs afterwards, by itself.
PARALLEL := -n logical --dist worksteal --durations=20 --quiet

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help up down preview shell tools test test-all facts soak check lint type mutants bench docs pictures build clean

help:  ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(PY):
	@command -v $(PYTHON) >/dev/null || { echo "error: there is no $(PYTHON); install Python 3.10 or later, or say: make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "error: $(PYTHON) is older than 3.10; say: make PYTHON=python3.11" >&2; exit 1; }
	@echo "making the virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# A new pyproject.toml may ask for other packages.
$(VENV)/.with-%: pyproject.toml | $(PY)
	@echo "installing the package into $(VENV), with: $*"
	@$(PY) toolchain/install.py $*
	@touch $@

up: $(RUN)  ## apply the sample stack to the emulator; with SERVER=env to the server of INFLUX_HOST
	@$(PY) -m toolchain.sample up

preview: $(RUN)  ## show what `make up` would change
	@$(PY) -m toolchain.sample preview

shell: $(VENV)/.with-cli,emulator  ## a shell with the emulator running, to try pulumi by hand
	@$(PY) -m toolchain.sample shell

down: $(RUN)  ## remove the sample stack
	@$(PY) -m toolchain.sample down

test: $(TEST)  ## the tests of every change, in minutes; what cannot run on this machine is named at the end
	@$(PY) -m toolchain --optional pulumi --unbuilt influxd >/dev/null
	@$(PY) -m pytest $(PARALLEL) --budget=fast -m "not soak and not fact and (smoke or not (engine or documents))" $(ARGS)

test-all: tools  ## all tests: the engine, influxd 2.6, documents, coverage; then the built wheel
	@INFLUX_SECRETS_RANDOM_REQUESTS=$${INFLUX_SECRETS_RANDOM_REQUESTS:-3000} \
	  $(PY) -m pytest $(PARALLEL) --budget=all --cov --cov-report=term $(if $(INFLUX_SECRETS_REQUIRE_REAL),--cov-fail-under=98) $(ARGS)
	@$(PY) -m toolchain.wheel

facts: $(TEST)  ## look again at what influxd and Pulumi do, here or at INFLUXD=... PULUMI=...
	@$(if $(PULUMI),INFLUX_SECRETS_PULUMI=$(PULUMI)) $(PY) -m pytest -n 2 --dist loadfile -q --no-header -m fact tests/facts $(ARGS)

soak: tools  ## the tests that take many minutes, on influxd and the real engine
	@$(PY) -m pytest -m soak $(ARGS)
	$(if $(ARGS),,@$(PY) -m pytest -m "hypothesis and not soak" --hypothesis-profile=search)

tools: $(DEV)  ## find, fetch or build the Pulumi CLI, influxd, influxd 2.6, toxiproxy, actionlint, influx
	@$(PY) -m toolchain pulumi --optional influxd influxd-2.6 toxiproxy actionlint influx

check: lint type test-all  ## lint, types and all tests: what must pass before a change is merged

lint: $(VENV)/.with-lint  ## style, format, spelling, and words that the documents avoid
	@$(PY) -m ruff check --quiet .
	@$(PY) -m ruff format --quiet --check . || { echo "run: $(PY) -m ruff format ." >&2; exit 1; }
	@$(VENV)/bin/codespell
	@$(PY) -m toolchain.prose

type: $(VENV)/.with-types  ## types, strictly
	@$(PY) -m mypy

mutants: $(VENV)/.with-mutants  ## change the core in 60 lines, one at a time, and see whether the tests notice
	@$(PY) -m toolchain.mutants $(ARGS)

bench: $(VENV)/.with-bench  ## measure, and write docs/benchmarks.md
	@$(PY) -m toolchain pulumi influxd toxiproxy >/dev/null
	@$(PY) -m benchmarks $(ARGS)

docs: $(VENV)/.with-docs  ## the site, into .cache/site; a warning is an error
	@NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --quiet --strict
	@echo ".cache/site/index.html; with its search: $(PY) -m http.server --bind 127.0.0.1 --directory .cache/site"

pictures: $(VENV)/.with-cli,emulator  ## draw the pictures of README and site anew, from a real run and the imports
	@$(PY) -m toolchain pulumi >/dev/null
	@$(PY) -m toolchain.pictures
	@$(PY) -m toolchain.structure

build: $(DEV)  ## check and build the source distribution and the wheel, into dist/
	@$(PY) -m pytest -q -p no:cacheprovider tests/test_release.py
	@rm -rf dist
	@$(PY) -m uv build --quiet --no-build-isolation --python $(PY) && ls dist/*

clean:  ## remove what was made here, the sample's state too; not the programs in the user's cache
	@# What a real server holds is known to that state alone.
	@if ls Pulumi.demo-*.yaml >/dev/null 2>&1; then \
	  echo "kept .demo: the sample is still on a server (Pulumi.demo-*.yaml); first: INFLUX_HOST=... make down SERVER=env"; \
	else rm -rf .demo Pulumi.demo.yaml; fi
	@rm -rf $(VENV) .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist htmlcov
	@rm -f .coverage .coverage.*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
