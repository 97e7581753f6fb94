# Two commands for a fresh machine:
#   make ask Q="How many r in strawberry"     sets everything up and asks the packaged model
#   make test                                 sets everything up and passes the tests
# On a machine with an NVIDIA card, give both commands:  TORCH=torch==2.13.0 TORCH_INDEX=
PYTHON ?= python3
VENV ?= .venv
Q ?= How many r in strawberry

# The CPU build of torch: PyPI's Linux wheel brings several GB of CUDA libraries.
ifeq ($(shell uname -s),Linux)
TORCH ?= torch==2.13.0+cpu
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
else
TORCH ?= torch==2.13.0
TORCH_INDEX ?=
endif

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
export Q

.PHONY: ask test clean

ask: $(VENV)/installed
	@$(BIN)/qwill ask "$$Q"

test: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy
	$(BIN)/pytest

$(VENV)/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Qwill needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	@# Without dependencies, so that the extra index is asked for torch alone.
	$(PIP) --no-deps --retries 1 $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) "$(TORCH)"
	$(PIP) -e .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(PIP) -e ".[dev]"
	@touch $@

clean:
	rm -rf $(VENV) build dist
