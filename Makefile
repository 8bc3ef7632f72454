# Everything a person types. Needs only Python >= 3.11 and make; installs only into .venv.
#   PYTHON=/path/to/python3.12  picks the interpreter of .venv
#   ARGS="..."                  goes to the command (scan, demo) or to pytest (test*)
#   REQUIRE=all                 makes every skipped test a failure, as CI does
.DEFAULT_GOAL := help
.PHONY: help scan demo test test-fast test-runtimes test-cluster toolbox lint format clean
ARGS ?=
REQUIRE ?=
export REQUIRE PYTHON

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo '  make scan ARGS="--pid 1"   arguments for the command, or for pytest'
	@echo '  make test REQUIRE=all      a skipped test is a failure'
	@echo '  PYTHON=... make ...        choose the interpreter (3.11 or newer) of .venv'
	@echo
	@echo '  .ci/venv makes .venv. It ends with 3: no Python 3.11 or newer; 4: venv is missing and'
	@echo '  cannot be installed by you (the line to type is printed). make itself then ends with 2.'

scan: .venv/.core ## show what the processes of this machine have loaded
	@.venv/bin/runtime-sensor scan $(ARGS)

demo: .venv/.core ## start one small program for each runtime found here and scan exactly those
	@.venv/bin/runtime-sensor demo $(ARGS)

test: .venv/.test ## run every test that this machine can run
	@.venv/bin/python -m pytest $(ARGS)

test-fast: .venv/.test ## run the tests that need no root, no toolbox and little time (3 minutes at most)
	@.venv/bin/python -m pytest -m "not (heavy or root or container or vm or runtimes or bench)" $(ARGS)

test-runtimes: .venv/.test ## run the tests against real interpreters and real binaries
	@.venv/bin/python -m pytest -m runtimes $(ARGS)

test-cluster: .venv/.test ## run the tests on two real Kubernetes clusters, which they start (root)
	@.venv/bin/python -m pytest tests/cluster $(ARGS)

toolbox: .venv/.test ## fetch the real components that tests need into the cache
	@.venv/bin/python -m tests.toolbox $(ARGS)

lint: .venv/.test ## check style, formatting, types and layers
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/lint-imports --config setup.cfg

format: .venv/.test ## let ruff format the code and mend what it can
	@.venv/bin/ruff check --fix
	@.venv/bin/ruff format

clean: ## remove .venv and what the tools leave behind; the toolbox stays
	@rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	@find . -name __pycache__ -prune -exec rm -rf {} +

# A new top-level package is seen by .venv only after it was installed once more.
PROJECT = setup.cfg pyproject.toml .ci/venv $(wildcard sensor/__init__.py probes/__init__.py ebpf_prebuilt/__init__.py)

.venv/.core: $(PROJECT)
	@.ci/venv core

.venv/.test: $(PROJECT)
	@.ci/venv test
