# Nidaan: `make run` and everything else that is done by hand. `make help` lists it.
# Variables, on the command line or in the environment: PORT, DATA_DIR, HTTPS=1, DEMO=0, ASYNC_MODE=eventlet|gevent.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

export PORT ?= 8000
export DATA_DIR ?= data
export HTTPS ?= 0
export DEMO ?= 1
export PYTHON
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONWARNINGS ?= ignore::DeprecationWarning

VENV := .venv
PY := $(VENV)/bin/python
SUDO := $(shell [ "$$(id -u)" = 0 ] || command -v sudo)
CLIENT := $(shell find static/src static/vite 2>/dev/null) $(wildcard static/*.json static/*.ts)
LOCK := .venv/bin/uv pip compile pyproject.toml --generate-hashes --no-emit-index-url --no-header --universal \
	--python-version 3.11 --quiet
TESTS ?= tests
N ?= 20000
# Calls of three browsers that encode on these cores: nothing else may run beside them.
REAL_TIME := tests/browser/call tests/browser/relay
EMAIL ?= doctor.a@demo.example

.PHONY: help run token test check journey bench fuzz client protocol messages lock format clean \
	test-python test-client test-browser python node chromium dcmtk coturn janus \
	check-style check-types check-imports check-protocol check-migrations check-client

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' Makefile | column -t -s '|'

# --- using it -----------------------------------------------------------------------------------------------------

run: $(VENV)/run.stamp static/dist/manifest.json ## set up what is missing, then start everything (Ctrl-C stops it)
	@bash .ci/prepare-data $(PY)
	@exec $(PY) -m app.supervisor

token: ## a bearer token of the demo's treating doctor, for DICOMweb (EMAIL=address for another doctor's)
	@test -x $(PY) || { echo "Nothing is set up yet: start it with make run." >&2; exit 1; }
	@$(PY) -m app.cli make-token --email "$(EMAIL)"

# --- holding it to its word ---------------------------------------------------------------------------------------

test: test-python test-client test-browser ## every test: Python, TypeScript, browsers

test-python: $(VENV)/dev.stamp static/dist/manifest.json dcmtk janus ## Python tests without browsers (TESTS=path for some)
	$(PY) -m pytest -n auto $(TESTS) --ignore tests/browser

test-client: static/node_modules/.stamp ## TypeScript tests
	cd static && npm run --silent test

test-browser: $(VENV)/dev.stamp static/dist/manifest.json chromium coturn janus ## tests in real browsers
	$(PY) -m pytest $(REAL_TIME)
	$(PY) -m pytest -n 2 --dist loadfile tests/browser $(REAL_TIME:%=--ignore %)

check: check-style check-types check-imports check-protocol check-migrations check-client ## every static check

check-style: $(VENV)/dev.stamp
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

check-types: $(VENV)/dev.stamp
	$(VENV)/bin/mypy

check-imports: $(VENV)/dev.stamp
	$(VENV)/bin/lint-imports --no-logo

check-protocol: $(VENV)/dev.stamp
	@$(PY) -m app.protocol_types | diff -u static/src/realtime/protocol.ts - \
		|| { echo "static/src/realtime/protocol.ts is out of date: run make protocol"; exit 1; }

check-migrations: $(VENV)/dev.stamp
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && DATA_DIR=$$folder $(PY) -m app.cli migration-check

check-client: static/node_modules/.stamp
	cd static && npm run --silent check

journey: $(VENV)/dev.stamp static/dist/manifest.json chromium ## the whole job in three browsers; pictures in build/journey/
	$(PY) -m pytest tests/browser/journey

fuzz: $(VENV)/dev.stamp static/node_modules/.stamp ## changed files through the decoders (N=how many; what failed lies in build/fuzz)
	$(PY) -W ignore -m tests.fuzz $(N)
	cd static && FUZZ_N=$(N) npx vitest run src/viewport/damaged.test.ts

bench: $(VENV)/dev.stamp static/dist/manifest.json chromium dcmtk janus ## sizes, latencies and loads
	$(PY) -m tests.bench

# --- working on it ------------------------------------------------------------------------------------------------

client: ## build the browser's code anew
	@rm -f static/dist/manifest.json
	@$(MAKE) static/dist/manifest.json

protocol: $(VENV)/dev.stamp ## the socket messages' TypeScript types from the Python models
	@$(PY) -m app.protocol_types > static/src/realtime/protocol.ts.new
	@mv static/src/realtime/protocol.ts.new static/src/realtime/protocol.ts

messages: $(VENV)/dev.stamp ## bring the translation catalogues up to date with the sources
	$(PY) -m app.catalogue

format: $(VENV)/dev.stamp ## lay out the Python code
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

lock: $(VENV)/dev.stamp ## pin every dependency again, with hashes
	$(PY) -m pip install --quiet uv
	$(LOCK) -o requirements.lock
	$(LOCK) --extra dev -o requirements-dev.lock
	cd static && npm install --package-lock-only

clean: ## remove what was built and installed; data stays
	rm -rf $(VENV) static/node_modules static/dist build

# --- setting up: each step runs again only when what it depends on has changed ------------------------------------

python:
	@test -x $(PY) || bash .ci/make-venv $(VENV)

node:
	@bash .ci/check-node

$(VENV)/run.stamp: requirements.lock | node python
	@echo "Installing Python packages ..."
	@test -e $(VENV)/dev.stamp || $(PY) -m pip install --quiet --require-hashes -r requirements.lock
	@test ! -e $(VENV)/dev.stamp || $(PY) -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock | python
	@echo "Installing Python packages for tests and checks ..."
	@$(PY) -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/run.stamp

static/node_modules/.stamp: static/package-lock.json | node
	@echo "Installing the client's packages ..."
	@cd static && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

static/dist/manifest.json: $(CLIENT) static/node_modules/.stamp
	@echo "Building the client ..."
	@cd static && npm run --silent build -- --logLevel warn
	@touch $@

chromium:
	@command -v chromium chromium-browser google-chrome >/dev/null || { \
		echo "Installing Chromium for the browser tests ..."; \
		$(SUDO) apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends chromium >/dev/null; } || { \
		echo "Chromium is missing and could not be installed: install it by hand, then run this again."; exit 1; }

dcmtk:
	@command -v storescu >/dev/null || { \
		echo "Installing dcmtk, whose tools send to the DICOM listener in the tests ..."; \
		$(SUDO) apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends dcmtk >/dev/null; } || { \
		echo "dcmtk is missing and could not be installed: install it by hand, then run this again."; exit 1; }

coturn:
	@command -v turnserver >/dev/null || { \
		echo "Installing coturn, which carries calls in the tests ..."; \
		$(SUDO) apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends coturn >/dev/null; } || { \
		echo "coturn is missing and could not be installed: install it by hand, then run this again."; exit 1; }

janus:
	@command -v janus >/dev/null || { \
		echo "Installing janus, the other engine that carries calls in the tests ..."; \
		$(SUDO) apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends janus >/dev/null; } || { \
		echo "janus is missing and could not be installed: install it by hand, then run this again."; exit 1; }
