# The commands of the project. `make help` lists them.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(VENV)/bin/pip install -q --disable-pip-version-check
# Given on the command line or in the environment; left out, the settings have their own.
export PORT DATA_DIR

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run install install-test canaille test lint unit unit-postgresql bench soak clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

run: install  ## Install what is missing and run the portal (PORT=8000 DATA_DIR=data)
	@exec $(PY) manage.py serve

install: $(VENV)/installed  ## Make the environment
	@[ $(VENV)/installed-ldap -nt requirements-ldap.txt ] || { bin/install-ldap $(VENV) && touch $(VENV)/installed-ldap; } || true

install-test: canaille install $(VENV)/installed-test  ## Make the environment with what the tests need
	@bin/install-test-servers
	@bin/install-test-canaille $(VENV)/canaille $(PY)

# Begins while the rest is installed; whoever needs it waits for it.
canaille: $(PY)
	@bin/install-test-canaille $(VENV)/canaille $(PY) >/dev/null 2>&1 &

test: canaille install lint install-test unit unit-postgresql  ## Run every check and every test

lint: $(VENV)/installed-test  ## Run the checks that need no server
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/lint-imports
	$(VENV)/bin/mypy
	$(VENV)/bin/djlint --lint --quiet .
	@folder=$$(mktemp -d) && trap "rm -rf $$folder" EXIT && DATA_DIR=$$folder $(PY) manage.py makemigrations --check --dry-run

unit: $(VENV)/installed-test  ## Run the tests on the embedded default
	$(PY) -m pytest -n 3 --dist worksteal

unit-postgresql: $(VENV)/installed-test  ## Run the tests of what differs between databases again, on PostgreSQL
	@# Only the files that have such tests: reading the others takes longer than running some of these.
	TEST_DATABASE=postgresql $(PY) -m pytest -n 3 --dist worksteal -m database $$(grep -rl --include='test_*.py' 'mark\.database' tests)

soak: install-test  ## Send 200 requests per SCIM operation; take 10,000 people in and out under SIGKILL (SCHEMATHESIS_SEED=1 SOAK="--people 1000")
	SCHEMATHESIS_EXAMPLES=200 $(PY) -m pytest -n 0 -s tests/identities/scim/test_openapi.py
	$(PY) -m tests.soak $(SOAK)

bench: install-test  ## Measure the SCIM service against its ceiling (BENCH="--people 1000 --ops get_id,create"; needs wrk)
	$(PY) -m tests.benchmarks $(BENCH)

clean:  ## Remove the environment and caches; the data folder stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "making the environment $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "python3-venv is needed: apt-get install -y python3-venv" >&2; exit 1; }

$(VENV)/installed: requirements.txt | $(PY)
	@echo "installing what the portal needs"
	@$(PIP) -r requirements.txt
	@# Nothing else is installed yet: what the portal imports and does not ask for shows here.
	@folder=$$(mktemp -d) && trap "rm -rf $$folder" EXIT && DATA_DIR=$$folder $(PY) manage.py check >/dev/null
	@touch $@

$(VENV)/installed-test: requirements-test.txt requirements.txt requirements-ldap.txt | $(PY)
	@echo "installing what the tests need"
	@$(PIP) -r requirements-test.txt
	@touch $@
