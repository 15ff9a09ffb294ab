# Two commands matter: `make demo` and `make test`. Both need Python >= 3.11 and nothing else.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
LOCK := requirements/ci.lock

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test coverage test-slow test-browser test-wheel lint bench population docs site lock clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(VENV)/.ready: pyproject.toml $(LOCK)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Rascade needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) -V). Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	@echo "Setting up $(VENV) (once; a few minutes on a slow line) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement $(LOCK)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

setup: $(VENV)/.ready ## Make the virtual environment

demo: setup ## Run the RASolute 302 study in silico and print the path of its report
	@$(BIN)/rascade demo

test: setup ## Static checks and the default tests (under ten minutes on two cores)
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow and not browser"

coverage: setup ## The default tests again, with the share of lines that they run (slower)
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow and not browser" --cov --cov-report=term:skip-covered --cov-fail-under=85

test-slow: setup ## The tests that take longer
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m slow

test-wheel: setup ## Build the wheel, install it alone, and run the demo and tests against it
	@$(BIN)/python -m pytest tests/wheel

$(VENV)/.browser: pyproject.toml $(VENV)/.ready
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "pip>=25.1"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group browser
	@touch $@

test-browser: $(VENV)/.browser ## The workbench in Chromium (installed by apt where it is absent and may be)
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get install --yes --quiet chromium; } || \
	  { echo "No Chromium here. On Debian: sudo apt-get install chromium; then make test-browser again." >&2; exit 2; }
	@$(BIN)/python -m pytest -m browser tests/browser

serve: setup ## Open the workbench in the browser
	@$(BIN)/rascade serve

lint: setup ## ruff, mypy and the import contracts
	@$(BIN)/ruff check src tests benchmarks docs
	@$(BIN)/ruff format --check src tests benchmarks docs
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: setup ## Peers side by side, ratios with medians (PEERS=folder of an environment that holds them)
	@$(BIN)/python benchmarks/engine.py $(if $(PEERS),--peers $(PEERS))

population: setup ## Fit the population to trials, validate it, and keep what the pages need (half an hour on two cores)
	@$(BIN)/python docs/build.py --run population

docs: setup ## Write the reference pages from the model and the evidence
	@$(BIN)/python docs/build.py

$(VENV)/.docs: pyproject.toml $(VENV)/.ready
	@echo "Adding what builds the site to $(VENV) (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "pip>=25.1"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group docs
	@touch $@

site: $(VENV)/.docs ## Build the documentation as pages that need no network, in out/site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
	@echo "out/site/index.html"

lock: ## Refresh the lock that CI installs (needs uv)
	uv pip compile --universal --python-version 3.11 --no-emit-index-url --group test --group lint pyproject.toml -o $(LOCK)

clean: ## Remove the virtual environment and outputs
	rm -rf $(VENV) out .mypy_cache .ruff_cache .pytest_cache
