# Every target does its own set-up; nothing needs to be installed besides Python 3.11 and make. The console is built where
# Node is there, and gone without where it is not; CI has it.
BIN := .venv/bin
PYTHON ?= python3
NEEDS := pyproject.toml constraints.txt tools/venv.sh
CONSOLE := $(BIN)/python tools/console.py $(if $(filter true,$(CI)),,--optional)
export PYTHON

.PHONY: help setup check format test demo bench capacity soak console screenshots javascript docs constraints clean
.DEFAULT_GOAL := help

help: ## say what there is
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 14

setup: .venv/.dev ## make .venv with all that development needs
	@$(CONSOLE)

demo: .venv/.app ## show the demonstration application; ONCE=1 ends after one run
	@$(BIN)/python tools/console.py --optional
	@$(BIN)/hotplate demo $(if $(ONCE),--once)

test: .venv/.dev ## run the tests; ARGS="tests/unit -k cancel" runs some
	@tools/apt.sh --tell
	@$(CONSOLE)
	@$(BIN)/python -m pytest --quiet --durations=10 $(ARGS)

check: .venv/.dev ## formatting, lint, types, import direction, sizes, the console
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/ruff check --quiet
	@$(BIN)/mypy
	@for folder in examples/*/; do MYPYPATH=$$folder $(BIN)/mypy $$folder || exit; done
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python tools/house.py
	@$(CONSOLE) --check

format: .venv/.dev ## format the code and mend what lint can mend
	@$(BIN)/ruff check --fix --quiet
	@$(BIN)/ruff format --quiet

bench: .venv/.dev .venv/.bench ## measure beside others, into benchmarks/RESULTS.md (minutes)
	@$(BIN)/python -m benchmarks.answer
	@$(BIN)/python -m benchmarks.runs
	@$(BIN)/python -m benchmarks.updates
	@$(BIN)/python -m benchmarks.socketio
	@$(BIN)/python -m benchmarks.page
	@$(BIN)/python -m benchmarks.console

capacity: .venv/.dev ## count what runs cost, and compute what many cost, into docs/design/capacity.md (15 minutes); ARGS="runs --quick"
	@$(BIN)/python -m benchmarks.capacity $(ARGS)

soak: .venv/.dev ## let everything fail under load, into benchmarks/SOAK.md (a quarter of an hour); ARGS="--engine postgresql"
	@$(BIN)/python -m tests.soak $(ARGS)

console: ## build the console, unless it is built from what its sources are; needs Node 20
	@$(PYTHON) tools/console.py

screenshots: .venv/.dev console ## take pictures of the console for README and documentation, into docs/pictures
	@$(BIN)/python tools/screenshots.py

javascript: ## build the JavaScript client, and the file of it that servers give to pages; needs Node 20
	@cd clients/javascript && npm ci --ignore-scripts --silent && node build.mjs

docs: .venv/.docs ## build the documentation into site/
	@$(BIN)/python -m sphinx --quiet --fail-on-warning --builder html docs site
	@echo "The documentation is in site/index.html"

constraints: ## renew constraints.txt from what pyproject.toml allows
	@tools/constraints.sh

clean: ## remove everything that was built, and .venv
	@rm -rf .venv build dist clients/javascript/dist clients/javascript/node_modules console/node_modules src/hotplate/web/console/static examples/*/node_modules site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The first stamp that is needed makes .venv; one after the other, as they share it.
.venv/.app: $(NEEDS)
	@tools/venv.sh
.venv/.dev .venv/.docs .venv/.bench: .venv/.%: $(NEEDS)
	@tools/venv.sh $*
.NOTPARALLEL:
