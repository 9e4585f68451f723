# Every verb makes the virtual environment it needs and reuses it, without a network, until pyproject.toml changes.
PYTHON ?= python3
ARGS ?=
CUDA ?= cuda13

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq
PACKAGES = toybox figures/toybox_figures proofs_check
EMULATED := $(if $(TOYBOX_SHARED)$(TOYBOX_CUPY_ON_CPU),$(VENV)/.emulated)

# Matrix products are not bit-equal between one and two threads.
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export VECLIB_MAXIMUM_THREADS := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help figures figures-full demo test test-all claims empirical mutants fingerprints check format bench gpu-check clean

help: ## list the verbs
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' Makefile | expand -t 18

figures: $(VENV)/.core ## draw the three main figures at demonstration budget, into figures/out/
	$(BIN)/toybox figure F1 F2 F3 $(ARGS)

figures-full: $(VENV)/.core ## the same at the budget of the papers
	$(BIN)/toybox figure F1 F2 F3 --full $(ARGS)

demo: $(VENV)/.demo ## open the teaching demos in the browser (ARGS=dial opens one)
	$(BIN)/toybox demo $(ARGS)

test: $(VENV)/.test $(EMULATED) ## run the tests that need nothing large (ARGS="-k armijo" selects)
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

test-all: $(addprefix $(VENV)/.,test torch pep demo browser pandas xarray) $(EMULATED) ## all of them, with PyTorch and all else that they can use
	TOYBOX_ALL=1 $(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

claims: $(VENV)/.proofs ## verify the claims of the documents, into figures/out/claims.html (ARGS="--only PAL" selects)
	@mkdir -p figures/out
	$(BIN)/python -m proofs_check --html figures/out/claims.html $(ARGS)

empirical: $(VENV)/.proofs ## conduct the experiments on empirical claims, into proofs_check/EMPIRICAL.md
	@mkdir -p figures/out
	$(BIN)/python -m proofs_check --empirical --html figures/out/empirical.html --markdown proofs_check/EMPIRICAL.md $(ARGS)

mutants: $(VENV)/.test ## try the mistakes of tests/mutations: does a test notice? (ARGS=--all with and without shared data)
	$(BIN)/python tests/mutations/mutate.py $(ARGS)

fingerprints: $(VENV)/.test ## write down anew what every method does in its first steps, and show what changed
	$(BIN)/python tests/fingerprints/fingerprint.py

check: $(VENV)/.test ## format, lint, types and import arrows
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(PACKAGES)
	$(BIN)/lint-imports --no-logo

format: $(VENV)/.test ## rewrite the sources in the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.torch ## measure this machine, into benchmarks/RESULTS.md (ARGS=--quick only prints)
	-@$(MAKE) --no-print-directory $(VENV)/.bench  # where JAX cannot be had, its rows are left out
	$(BIN)/toybox bench $(ARGS)

gpu-check: $(VENV)/.test $(VENV)/.$(CUDA) ## test and measure on a CUDA device, into benchmarks/GPU.md (CUDA=cuda12 for that wheel)
	$(BIN)/python -m toybox_benchmarks.gpu $(ARGS)

clean: ## remove the environment, caches and drawn figures; results stay
	rm -rf $(VENV) dist figures/out .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.core: pyproject.toml | $(VENV)/pyvenv.cfg
	@echo "Installing toybox into $(VENV) ..."
	@$(PIP) -e .
	@touch $@

$(VENV)/.test: | $(VENV)/.proofs

$(VENV)/.%: pyproject.toml | $(VENV)/pyvenv.cfg
	@echo "Installing toybox with its extra $* into $(VENV) ..."
	@$(PIP) -e ".[$*]"
	@touch $(VENV)/.core $@

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "toybox needs Python 3.11 or newer as $(PYTHON); name another one: make PYTHON=python3.12 ..."; exit 1; } >&2
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	    { echo "$(PYTHON) has no venv module; install it (Debian, Ubuntu: python3-venv)"; exit 1; } >&2
	@$(PYTHON) -m venv $(VENV)
