SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# The first Python that will do: `make test PYTHON=...` takes another.
PYTHON ?= $(shell for python in python3 python3.11 python3.12 python3.13; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; \
	done || echo no-python-3.11-or-newer-on-the-path)
VENV_PYTHON := .venv/bin/python

# Some shells export HOST as the machine's name, so only `make run HOST=...` changes it.
HOST = 127.0.0.1
PORT ?= 8080
DATA ?= data

# Every server that a test starts would compile the package anew where Python may keep nothing.
# What follows one another in a file stays together, and with it what its tests share.
TESTS = PYTHONDONTWRITEBYTECODE= $(VENV_PYTHON) -m pytest -n auto --dist worksteal

# What `make test-fast` runs: rules, actors, persistence and HTTP in this process.
FAST = tests/architecture tests/domain tests/persistence tests/actors tests/http tests/logs \
	tests/runtime tests/server tests/loadtest \
	--ignore=tests/http/test_connection_ends.py --ignore=tests/http/test_connection_bounds.py \
	--ignore=tests/actors/test_admission.py --ignore=tests/loadtest/test_life_run.py

# How many seeds `make simulate` plays.
SEEDS ?= 100

# The Debian that `make debian` makes: trixie is Debian 13.
SUITE ?= trixie

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "Arguments: make run HOST=127.0.0.1 PORT=8080 DATA=data; make test ARGS='-k money'"

.PHONY: run
run: server-environment ## Start the server; a data folder that is new or empty gets demo data
	@if [ ! -e "$(DATA)" ]; then \
		rm -rf "$(DATA).partial"; \
		$(VENV_PYTHON) -m authorizer init --demo --data "$(DATA).partial"; \
		mv "$(DATA).partial" "$(DATA)"; \
	elif [ -d "$(DATA)" ] && [ -z "$$(ls -A "$(DATA)")" ]; then \
		$(VENV_PYTHON) -m authorizer init --demo --data "$(DATA)"; \
	fi
	@exec $(VENV_PYTHON) -m authorizer serve --trust-clock --host "$(HOST)" --port "$(PORT)" \
		--data "$(DATA)"

.PHONY: test
test: environment ## Run the tests
	$(TESTS) $(ARGS)

.PHONY: test-fast
test-fast: environment ## Run the tests that need no server, no process and no long examples: under a minute
	$(TESTS) $(FAST) $(ARGS)

.PHONY: kill9
kill9: environment ## Kill servers 1,000 times amid load, snapshots, rotations and starts; `make test` does it 10 times
	$(VENV_PYTHON) -m tests.faults.kills --kills $${KILLS:-1000} $(ARGS)

.PHONY: fuzz
fuzz: environment ## Thousands of changed records, snapshots, manifests and imports: only declared errors come out
	FUZZ_EXAMPLES=$${EXAMPLES:-20000} $(VENV_PYTHON) -m pytest -n auto -o faulthandler_timeout=7200 \
		tests/property/test_hostile_bytes.py $(ARGS)

.PHONY: soak
soak: environment ## An hour of mixed load with restarts; memory, handles and answers over time go into docs/reliability.md
	$(VENV_PYTHON) -m loadtest.soak --page docs/reliability.md --picture docs/soak.svg $(ARGS)

.PHONY: check
check: environment ## Lint, check the format, the types, and which module imports which
	$(VENV_PYTHON) -m ruff check
	$(VENV_PYTHON) -m ruff format --check
	$(VENV_PYTHON) -m mypy
	.venv/bin/lint-imports --no-cache

.PHONY: format
format: environment ## Format the code and mend what the linter can mend
	$(VENV_PYTHON) -m ruff check --fix
	$(VENV_PYTHON) -m ruff format

.PHONY: conformance
conformance: server-environment ## Replay the scenarios of the HTTP contract, then kill -9
	$(VENV_PYTHON) tests/conformance/run.py $(ARGS)

.PHONY: loadtest
loadtest: environment ## Load a server with Locust and check every answer and every balance
	$(VENV_PYTHON) -m loadtest.run $(ARGS)

.PHONY: bench
bench: environment ## Measure throughput, latency, recovery and memory
	$(VENV_PYTHON) -m benchmarks $(ARGS)

.PHONY: compare
compare: environment ## Measure ours beside PostgreSQL, Redis, SQLite and others; write docs/performance.md
	$(VENV_PYTHON) -m benchmarks compare $(ARGS)

.PHONY: simulate
simulate: environment ## Play seeds of simulated histories with crashes: SEEDS=1000, ARGS='--seed 7' plays one
	$(VENV_PYTHON) -m authorizer.simulation --seeds $(SEEDS) $(ARGS)

.PHONY: lock
lock: ## Write constraints.txt anew; ARGS=--upgrade takes the newest versions
	$(PYTHON) tools/lock.py $(ARGS)

.PHONY: clients
clients: environment ## Make clients of /openapi.json with common generators and try them out
	$(VENV_PYTHON) -m tools.generate_clients

.PHONY: examples
examples: environment ## Write the answers of a real server into the examples of the OpenAPI document
	$(VENV_PYTHON) -m tests.support.examples

.PHONY: docs
docs: environment ## Write the tables that docs/ takes from the code: the role matrix, the events
	$(VENV_PYTHON) -m tools.role_matrix
	$(VENV_PYTHON) -m tools.event_table
	$(VENV_PYTHON) -m tools.told_events

.PHONY: swagger-ui
swagger-ui: ## Take the files behind /docs from npm anew; ARGS=5.35.0 takes that version
	$(PYTHON) tools/npm_files.py swagger-ui-dist $(ARGS)

.PHONY: htmx
htmx: ## Take the console's htmx from npm anew; ARGS=2.0.11 takes that version
	$(PYTHON) tools/npm_files.py htmx.org $(ARGS)

.PHONY: axe-core
axe-core: ## Take the accessibility checks of the console's tests from npm anew
	$(PYTHON) tools/npm_files.py axe-core $(ARGS)

.PHONY: catalogue
catalogue: environment ## Find the console's texts and compile their translations
	$(VENV_PYTHON) -m tools.catalogue

.PHONY: screenshots
screenshots: environment ## Take the pictures of docs/console/ anew (Chromium)
	$(VENV_PYTHON) -m tools.console_screenshots

.PHONY: debian
debian: ## Run the tests in a Debian 13, with its own Python 3.13 (root, debootstrap)
	$(PYTHON) tools/debian.py $(SUITE) make test ARGS="$(ARGS)"

.PHONY: clean
clean: ## Remove .venv and all caches, never a data folder
	rm -rf .venv .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name .git -prune -o -type d -name __pycache__ -exec rm -rf {} +

.PHONY: environment server-environment
environment:
	@$(PYTHON) tools/environment.py dev

server-environment:
	@$(PYTHON) tools/environment.py run
