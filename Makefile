.DEFAULT_GOAL := help
.PHONY: help up down test lint bench pins

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := -m pip --disable-pip-version-check install --quiet
QUESTION ?= Can I return boots that I have worn outside?

help: ## show this list
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: $(VENV)/.ready ## stand the sandbox stack up, offline, and ask its front desk a question
	@$(BIN)/fac up --stack sandbox --yes
	@$(BIN)/fac ask front-desk "$(QUESTION)" --stack sandbox

down: $(VENV)/.ready ## destroy the sandbox stack and stop everything that runs
	@$(BIN)/fac down --stack sandbox

test: $(VENV)/.ready-dev ## check the import contracts and run the tests
	@$(BIN)/lint-imports --no-cache >.lint-imports.log || { cat .lint-imports.log; exit 1; }
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest

lint: $(VENV)/.ready-dev ## ruff, mypy and the import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(VENV)/.ready-dev ## measure what the documents state
	$(BIN)/python bench/measure.py

pins: ## take the newest versions that pyproject.toml allows into constraints.txt
	@$(PYTHON) -m venv .venv-newest
	@.venv-newest/bin/python $(PIP) --editable '.[dev,traces]'
	@sed -n 1p constraints.txt >.pins && .venv-newest/bin/python -m pip freeze --exclude-editable >>.pins && mv .pins constraints.txt
	@rm -r .venv-newest

$(VENV)/.ready: pyproject.toml setup.py constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or later is needed: make up PYTHON=python3.12"; exit 1; }
	@echo "First run. Python packages are downloaded from the index that pip is set up for, about 55 MB, and installed into"
	@echo "$(CURDIR)/$(VENV) (about 600 MB); nothing is installed anywhere else."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python $(PIP) --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.ready-dev: pyproject.toml setup.py constraints.txt $(VENV)/.ready
	@echo "The tools for tests are installed into $(CURDIR)/$(VENV)."
	@$(BIN)/python $(PIP) --constraint constraints.txt --editable '.[dev]'
	@$(BIN)/python $(PIP) --no-deps --upgrade --target $(VENV)/preview-client azure-ai-agents==1.2.0b6 \
		|| echo "azure-ai-agents 1.2.0b6 can't be installed; its tests are skipped."
	@$(BIN)/python -c 'from pathlib import Path; from foundry.sandbox.host import storage; storage.install(Path("$(CURDIR)/$(VENV)"), print)' \
		2>/dev/null || echo "Azurite can't be installed, which takes Node.js with npm and a registry; the tests of storage are skipped."
	@touch $@
