# The commands that people type; `make` alone lists them. ARGS goes to pytest or to the benchmarks:
# make quick ARGS='-k retry'. They run in .venv, which is made when it is not there.
PYTHON = python3
BIN = .venv/bin
PYTEST = $(BIN)/pytest -q -n auto

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 12

quick: .venv/lint ## the tests of the core, within seconds
	$(PYTEST) -m quick $(ARGS)

test: .venv/lint ## all tests but the slow ones, within minutes
	$(PYTEST) $(ARGS)

all: .venv/lint ## all tests
	$(PYTEST) -m '' $(ARGS)

coverage: .venv/lint ## all tests, with lines and branches that no test ran, also in htmlcov/
	$(PYTEST) -m '' --cov --cov-report=term --cov-report=html $(ARGS)

mutants: .venv/mutants ## changes of core, auth and pacing that no test notices; ARGS='frontegg_async._core.retry.*' for one module
	$(BIN)/mutmut run $(ARGS)
	$(BIN)/mutmut results --all true | $(BIN)/python -m tests.support.mutation_score

lint: .venv/lint ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

format: .venv/lint ## put code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: .venv/lint ## write docs/operations.md
	page=$$($(BIN)/frontegg-async operations --markdown) && echo "$$page" > docs/operations.md

bench: .venv/bench ## all benchmarks; with ARGS=--quick only to see that they work
	$(BIN)/python -m benchmarks $(ARGS)

# An extra, installed again when pyproject.toml has changed; lint brings all that the tests need.
.venv/%: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q -e '.[$*]'
	touch $@

.PHONY: help quick test all coverage mutants lint format docs bench
