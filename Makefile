# Each target makes the set-up it needs, once: see docs/design/0001-set-up.md.
#   make run       serve the chat at http://localhost:5000
#   make dev       the same, with reload, and Vite at http://localhost:3000
#   make check     style, types, the two laws of the architecture, and what the front end weighs
#   make test      all tests; make test-all adds the long ones
#   make bench-quick   the server's costs beside what the machine can do (docs/performance.md)
#   make lock      requirements.lock and package-lock.json again, after a change of dependencies
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory
.PHONY: run dev test test-all check bench-quick lock

export PYTHON ?= python3
PIP := .venv/bin/python -m pip --disable-pip-version-check

# A stamp lies inside what it stands for, so it goes when that goes. Commands in .venv hold its path, so the stamps
# there have it in their names: a folder that was moved or copied gets a .venv of its own.
HERE := $(shell pwd | cksum | cut -d ' ' -f 1)
PACKAGES_READY := .venv/.packages-$(HERE)
PYTHON_READY := .venv/.roomful-$(HERE)
NODE_READY := node_modules/.roomful
WEB_READY := web/dist/index.html
# Folders too: a file that was removed changes its folder's time.
WEB_SOURCES := $(shell find web/src web/public web/index.html web/vite.config.ts web/tsconfig.json 2>/dev/null)

run: $(PYTHON_READY) $(WEB_READY)
	@.venv/bin/roomful serve

dev: $(PYTHON_READY) $(NODE_READY)
	@scripts/dev

test: $(PYTHON_READY) $(WEB_READY)
	@scripts/need chromium postgresql
	@scripts/test

test-all: export ROOMFUL_LONG = 1
test-all: test

check: $(PYTHON_READY) $(WEB_READY)
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports
	npx --no biome check .
	npm run --workspaces typecheck
	npm run --silent -w web budgets

bench-quick: $(PYTHON_READY)
	@scripts/need gcc
	@.venv/bin/python -m bench.quick

lock:
	@scripts/need venv node
	@scripts/lock

$(PACKAGES_READY): requirements.lock
	@scripts/need venv
	@echo "==> Python packages into .venv"
	@[[ -e $@ ]] || rm -rf .venv
	@$(PYTHON) -m venv .venv
	@$(PIP) install --progress-bar off --require-hashes -r requirements.lock
	@touch $@

$(PYTHON_READY): pyproject.toml $(PACKAGES_READY)
	@echo "==> Roomful itself into .venv: the commands roomful and flask"
	@$(PIP) install --quiet --no-index --no-build-isolation --no-deps -e .
	@touch $@

$(NODE_READY): package-lock.json package.json web/package.json tests/conformance/sdk/package.json
	@scripts/need node
	@echo "==> Node packages into node_modules"
	@npm ci
	@touch $@

$(WEB_READY): $(NODE_READY) $(WEB_SOURCES)
	@echo "==> The front end into web/dist"
	@npm run --silent build
	@touch $@
