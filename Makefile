# The verbs of this project. `make` alone lists them; CONTRIBUTING.md explains them.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help up down preview shell tools test check lint type bench build clean

help:  ## list the verbs
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

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

tools: $(STAMP)  ## find or build the Pulumi CLI, influxd and toxiproxy
	@$(PY) -m toolchain pulumi --optional influxd toxiproxy

clean:  ## remove what was made here, the sample's state too; not the programs in the user's cache
	@rm -rf $(VENV) .demo .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist htmlcov Pulumi.demo.yaml
	@rm -f .coverage .coverage.*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
