# make run      the shop, the sandbox that plays SEQR, and all they need, on this machine
# make test     every check and test
# make crashtest   the books after everything was killed at random (three minutes)
# make proof    the lifecycle in very many runs [EXAMPLES=n] [SEED=n] [SHRINK=1], see docs/proof.md
# make mutants  plant faults and see that the checks catch them, see docs/proof.md
# make bench    how fast the poller and the streams are, into docs/performance.md (half an hour)
# make bench-streams   the streams alone (three minutes)
# make bench-quick   two rows of that in two minutes, written nowhere
# make screenshots   every page in every state, into .local/screenshots/; the README's anew (two minutes)
# make format   put the code in its form
# make requirements [UPGRADE=--upgrade]   compile requirements/*.in anew

PYTHON ?= python3
VENV := .venv
VENV_PYTHON := $(VENV)/bin/python
PIP_INSTALL := $(VENV_PYTHON) -m pip install --quiet --quiet --disable-pip-version-check --require-hashes

.PHONY: run test lint proof mutants crashtest bench bench-quick bench-streams screenshots format requirements
.DELETE_ON_ERROR:

run: $(VENV)/installed-local
	@exec $(VENV_PYTHON) -m seqrshop.local.run

test: $(VENV)/installed-test
	@exec $(VENV_PYTHON) -m seqrshop.local.check

lint: $(VENV)/installed-test
	@exec $(VENV_PYTHON) -m seqrshop.local.check --no-tests

crashtest: $(VENV)/installed-test
	@exec $(VENV_PYTHON) -m tests.proof.crash

proof: $(VENV)/installed-test
	@exec $(VENV_PYTHON) -m tests.proof.lifecycle

mutants: $(VENV)/installed-test
	@exec $(VENV_PYTHON) -m tests.proof.mutants

bench: $(VENV)/installed-test
	@exec $(VENV_PYTHON) -m tests.bench.run

bench-streams: $(VENV)/installed-test
	@exec $(VENV_PYTHON) -m tests.bench.run --streams

bench-quick: $(VENV)/installed-test
	@exec $(VENV_PYTHON) -m tests.bench.run --quick

screenshots: $(VENV)/installed-test
	@exec $(VENV_PYTHON) -m tests.screenshots

format: $(VENV)/installed-test
	@$(VENV_PYTHON) -m ruff check --fix-only --quiet .
	@$(VENV_PYTHON) -m ruff format .

$(VENV)/made:
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

# The compiler has an environment of its own: what it needs is none of the shop's business.
.local/compiler/bin/uv: | $(VENV)/made
	@$(PYTHON) -m venv --clear .local/compiler
	@.local/compiler/bin/python -m pip install --quiet --quiet --disable-pip-version-check uv

requirements: .local/compiler/bin/uv
	@for name in base production local test; do \
		echo "Compiling requirements/$$name.txt"; \
		$< pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --no-emit-find-links $(UPGRADE) \
			--custom-compile-command "make requirements" \
			--output-file requirements/$$name.txt requirements/$$name.in || exit 1; \
	done
