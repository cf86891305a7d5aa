PYTHON ?= python3
VENV := .venv
VENV_PYTHON := $(VENV)/bin/python
PIP_INSTALL := $(VENV_PYTHON) -m pip install --quiet --quiet --disable-pip-version-check --require-hashes

.DEFAULT_GOAL := help
.PHONY: help rooms run dev check test test-anywhere lint format requirements screenshots walk proof mutants mutation crashtest outages \
	rolling-restart restore-test kitchen abuse deploy-check sbom bench bench-quick bench-streams bench-web bench-web-quick \
	bench-scale
.DELETE_ON_ERROR:

help: ## print this list
	@awk -F ' ## ' '/^[a-z-]+:.* ## / { split($$1, target, ":"); \
		printf "make %-15s %s\n", target[1], $$2 }' $(firstword $(MAKEFILE_LIST))

run: $(VENV)/installed-local ## run the shop, the sandbox that plays SEQR, PostgreSQL and Redis
	@exec $(VENV_PYTHON) -m seqrshop.local.run

dev: $(VENV)/installed-local ## the same with DEBUG on, restarted when code or templates change
	@exec $(VENV_PYTHON) -m seqrshop.local.run --dev

check: $(VENV)/installed-test ## run the linters, mypy and the unit tests (90 s)
	@exec $(VENV_PYTHON) -m seqrshop.local.check unit

test: $(VENV)/installed-test ## run every linter and test, and report how long each part took
	@exec $(VENV_PYTHON) -m seqrshop.local.check all

test-anywhere: $(VENV)/installed-test ## run and test copies in root's home, a path with spaces, ... [PLACES=...]
	@exec $(VENV_PYTHON) -m tests.anywhere $(PLACES)

lint: $(VENV)/installed-test ## run the linters and mypy alone
	@exec $(VENV_PYTHON) -m seqrshop.local.check lint

rooms: $(VENV)/installed-test ## draw the rooms from the imports, into docs/
	@exec $(VENV_PYTHON) -m seqrshop.local.rooms

format: $(VENV)/installed-test ## format the code
	@$(VENV_PYTHON) -m ruff check --fix-only --quiet .
	@$(VENV_PYTHON) -m ruff format .
	@$(VENV_PYTHON) -m seqrshop.local.javascript --fix

screenshots: $(VENV)/installed-test ## photograph every page in every state into .local/screenshots/ (4 min): ONLY=staff
	@exec $(VENV_PYTHON) -m tests.screenshots

walk: $(VENV)/installed-test ## a customer's half hour on three screens in both languages (15 min): STAGES=following,refunded
	@exec $(VENV_PYTHON) -m tests.walk

proof: $(VENV)/installed-test ## run each grid in full, and model-based tests at length: EXAMPLES=n SEED=n SHRINK=1 (docs/proof.md)
	@exec $(VENV_PYTHON) -m tests.proof.model_based

mutants: $(VENV)/installed-test ## plant faults and report which of them no test catches (docs/proof.md)
	@exec $(VENV_PYTHON) -m tests.proof.mutants

# Its environment is its own: Celery changes the names of its processes where mutmut's dependencies are
# installed, and `make run` then does not recognise them.
mutation: ## plant 60 faults chosen by chance: SEED=n FAULTS=n (docs/proof.md)
	@$(MAKE) --no-print-directory VENV=.local/mutation .local/mutation/installed-mutation
	@exec .local/mutation/bin/python -m tests.proof.mutation

crashtest: $(VENV)/installed-test ## kill processes at random, then compare the books (3 min)
	@exec $(VENV_PYTHON) -m tests.proof.crash

outages: $(VENV)/installed-test ## take PostgreSQL, Redis and SEQR away, and write docs/outages.md (45 min)
	@exec $(VENV_PYTHON) -m tests.proof.outages

rolling-restart: $(VENV)/installed-test ## restart everything under load, and write docs/rolling-restart.md (3 min): RATE=n SEED=n
	@exec $(VENV_PYTHON) -m tests.proof.restart --write

restore-test: $(VENV)/installed-test ## lose the database twice, restore it, and write docs/restore.md (4 min): ORDERS=n
	@exec $(VENV_PYTHON) -m tests.proof.restore --write

kitchen: $(VENV)/installed-test ## 200 orders on three screens of the kitchen board (6 min): ARGS=--quick takes 20 (1 min)
	@exec $(VENV_PYTHON) -m tests.proof.kitchen $(ARGS)

abuse: $(VENV)/installed-test ## attack a running shop, and write docs/abuse.md (6 min)
	@exec $(VENV_PYTHON) -m tests.abuse

deploy-check: $(VENV)/installed-test ## check deploy/ by its own linters: hadolint, systemd, nginx, ... (20 s)
	@$(MAKE) --no-print-directory VENV=.local/deploy .local/deploy/installed-deploy
	@exec $(VENV_PYTHON) -m tests.deploy

sbom: $(VENV)/installed-test ## list the packages of the image as CycloneDX, in .local/sbom.json
	@$(MAKE) --no-print-directory VENV=.local/deploy .local/deploy/installed-deploy
	@exec $(VENV_PYTHON) -c 'from tests.deploy.image import write_sbom; write_sbom()'

bench: $(VENV)/installed-test ## measure poller and streams, and write docs/performance.md (30 min)
	@exec $(VENV_PYTHON) -m tests.bench.run

bench-quick: $(VENV)/installed-test ## measure three rows of the poller and tap to app, and write nothing (3 min)
	@exec $(VENV_PYTHON) -m tests.bench.run --quick

bench-streams: $(VENV)/installed-test ## measure the streams alone (3 min)
	@exec $(VENV_PYTHON) -m tests.bench.run --streams

bench-scale: $(VENV)/installed-test ## measure the admin among a million orders, and write docs/scale.md (40 min): ORDERS=n, PAGES=regex
	@exec $(VENV_PYTHON) -m tests.bench.scale.run

bench-web: $(VENV)/installed-test ## measure web beside the usual design, and write docs/performance.md (10 min)
	@exec $(VENV_PYTHON) -m tests.bench.web

bench-web-quick: $(VENV)/installed-test ## measure web once, and write nothing (3 min)
	@exec $(VENV_PYTHON) -m tests.bench.web --quick

$(VENV)/made:
	@test -w . || { \
		echo "$$(id -un) cannot write to $$PWD: make it writable, or clone the repository elsewhere." >&2; \
		exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Python 3.11 or later is needed; name one with: make PYTHON=/path/to/python3.11 ..." >&2; \
		exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "Python's venv module is missing; on Debian: apt-get install python3-venv" >&2; \
		exit 1; }
	@echo "Making the Python environment in $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/installed-%: requirements/%.txt | $(VENV)/made
	@echo "Installing requirements/$*.txt (once; a minute or two the first time)"
	@$(PIP_INSTALL) --requirement $<
	@touch $@

# uv has an environment of its own, so that requirements/*.txt never holds its dependencies.
.local/compiler/bin/uv: | $(VENV)/made
	@$(PYTHON) -m venv --clear .local/compiler
	@.local/compiler/bin/python -m pip install --quiet --quiet --disable-pip-version-check uv

requirements: .local/compiler/bin/uv ## compile requirements/*.in; UPGRADE=--upgrade takes newer versions
	@for name in base production local test mutation deploy; do \
		echo "Compiling requirements/$$name.txt"; \
		$< pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --no-emit-find-links $(UPGRADE) \
			--custom-compile-command "make requirements" \
			--output-file requirements/$$name.txt requirements/$$name.in || exit 1; \
	done
