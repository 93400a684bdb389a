# The front door. `make` alone explains itself; every target sets up what it needs first.
#
#   CAUSO_PORT=9000 make run            another port
#   make -s token ROLE=province_official UNIT=96
#   make test ARGS="-k registry -x"     only some tests (WORKERS=0: in one process)
#   make bench SCALE=10                 the long form of a benchmark

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?=
ROLE ?= province_official
UNIT ?= 96
BODY ?=
ARGS ?=
WORKERS ?= $(if $(CAUSO_TEST_AMQP_URL),0,3)
BIN := .venv/bin
READY := .venv/.ready
SOURCES := services gateway deploy tests benchmarks
# Every row of tests/faults/README.md. Most of what lies outside that folder has one size, and is on the page with it.
SOAKED := faults journeys/test_intake_through_trouble.py test_event_contracts.py \
	$(patsubst %,kernel/test_%.py,store handling log relay subscription rebuild) \
	$(patsubst %,kernel/messaging/test_%.py,consumer publisher rpc watchdog)

export SCALE
export PYTHONUTF8 := 1
# Some images set it; every process would then compile every module again when it starts, for two seconds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup run test check bench soak up down token clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## Make .venv with every locked dependency (all other targets do this by themselves)

run: $(READY) ## Run everything in one process on http://127.0.0.1:8000 (port: CAUSO_PORT)
	@exec $(BIN)/causo run

test: $(READY) ## Run every test, on a private PostgreSQL and RabbitMQ of its own
	@$(BIN)/python -m deploy.local
	@$(BIN)/python -m pytest -n $(WORKERS) --no-loadscope-reorder $(ARGS)

check: $(READY) ## Lint, format, types, import rules, compose file and Dockerfile
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh deploy/check.sh $(wildcard $(SOURCES))

bench: $(READY) ## Measure against the named peers; writes benchmarks/results.json
	@$(BIN)/python -m benchmarks $(ARGS)

soak: $(READY) ## Repeat the fault tests for long; writes dated results
	@$(BIN)/python -m deploy.local
	@CAUSO_SOAK=1 $(BIN)/python -m pytest $(addprefix tests/,$(SOAKED)) $(ARGS)

up: $(READY) ## Run the distributed topology as plain processes against RabbitMQ and PostgreSQL
	@exec $(BIN)/causo up $(ARGS)

down: $(READY) ## Stop what `make up` started
	@$(BIN)/causo down

token: $(READY) ## Print a development token: ROLE=… UNIT=… [BODY=…]
	@$(BIN)/causo token --role $(ROLE) $(if $(UNIT),--unit $(UNIT)) $(if $(BODY),--body $(BODY))

clean: ## Delete .venv, caches and everything under var/
	@if [ -f var/up.pid ] && kill -0 "$$(cat var/up.pid)" 2>/dev/null; then echo "First: make down"; exit 1; fi
	rm -rf .venv .uv var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find services gateway deploy tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

$(READY): pyproject.toml uv.lock deploy/setup.sh
	@PYTHON="$(PYTHON)" sh deploy/setup.sh >&2
	@touch $@
