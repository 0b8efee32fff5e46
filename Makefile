.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help env dev lock run materialize demo-data test test-fast faults cluster bench docs lint sbom licences audit clean

# Another program's packages would be found before the installed ones.
unexport PYTHONPATH PYTHONHOME
# Without bytecode each server imports for five seconds instead of two, at every start.
unexport PYTHONDONTWRITEBYTECODE
# The folder of the shell, also with `make -C`: what the files that a setting names are relative to.
export BANKSEG_CALLED_FROM ?= $(PWD)

PYTHON ?= python3.11
ROWS ?= 1048567
SEED ?= 7
SEEDS ?= 10
SIZES ?= 0.1 1 10 50
REPEATS ?= 3
SERVICE ?= pypi
# Processes that share the tests; each has a JVM, and a file's tests stay together.
WORKERS ?= 2
VENV := .venv
PY := $(VENV)/bin/python
PYTEST = $(PY) -m pytest -n $(WORKERS) --dist loadfile

help: ## List the targets.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

env: $(VENV)/.installed ## Create .venv with the locked packages that the platform runs on.

dev: $(VENV)/.installed-dev ## Add the locked packages for tests, deployment and dg.

lock: env ## Lock the packages of pyproject.toml with hashes; RENEW="polars streamlit" (or all) updates them.
	@$(PY) -m ops.dev.lock $(RENEW)

run: env ## Serve the Dagster UI, the app and the scoring API until Ctrl-C; the sensors run what is missing.
	@$(PY) -m ops.launch.run

materialize: env ## Materialize every asset once; exit code 0 on success. FORCE=1 releases despite failed gates, REFIT=1 refits.
	@$(PY) -m ops.launch.materialize $(if $(FORCE),--force) $(if $(REFIT),--refit)

demo-data: env ## Write demo transactions and holdings into the landing folders: ROWS=1048567 SEED=7.
	@$(PY) -m ops.demo.transactions --rows $(ROWS) --seed $(SEED)

# pytest comes last, also after a lint failure: its summary is what a reader of the log looks for.
test: dev ## Run lint and every test, in WORKERS=2 processes.
	@$(PY) -m ops.dev.ensure_chromium
	@lint=0; $(MAKE) --no-print-directory lint || lint=1; $(PYTEST) && exit $$lint

test-fast: dev ## Run the unit tests: no Dagster run, other process or browser.
	@$(PYTEST) -m "not slow and not subprocess and not browser and not cluster"

faults: dev ## Inject every known fault SEEDS=10 times; write docs/reliability.md.
	@$(PY) -m tools.faults --seeds $(SEEDS)

cluster: dev ## Run the tests on a Spark cluster, Spark Connect and PostgreSQL (20 minutes).
	@$(PY) -m pytest -m cluster

bench: dev ## Time the batch at SIZES (millions of rows), and the script PEER; write docs/performance.md.
	@$(PY) -m tools.bench --sizes $(SIZES) --repeats $(REPEATS) $(if $(PEER),--peer $(PEER))

docs: dev ## Generate the parts of docs/ that the code knows: reference pages, the index of decisions.
	@$(PY) -m tools.reference

lint: dev ## Check style, format and types.
	@$(PY) -m ruff check
	@$(PY) -m ruff format --check
	@$(PY) -m mypy --strict

sbom: dev ## Write the locked packages, with hashes, licences and dependencies, as CycloneDX: sbom.cdx.json.
	@$(PY) -m ops.dev.sbom

licences: dev ## Write docs/reference/licences.md: the licence of each locked package.
	@$(PY) -m ops.dev.sbom --licences

# In an environment of its own: its packages are not those that the platform runs on.
audit: ## Compare the locked packages with the lists of known weaknesses of SERVICE=pypi or osv, which it must reach.
	@$(PYTHON) -m venv $(VENV)-audit
	@$(VENV)-audit/bin/python -m ops.install requirements/audit.lock
	@$(VENV)-audit/bin/python -m ops.dev.audit $(VENV)-audit/bin/python $(SERVICE)

clean: ## Remove generated data and caches; delivered files and .venv stay.
	@$(PYTHON) -m ops.dev.clean

$(VENV)/.installed: requirements/run.lock requirements/install.lock
	@command -v $(PYTHON) >/dev/null || { echo "bankseg: $(PYTHON) is not on PATH; install Python 3.11, or name one: make env PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "bankseg: $(PYTHON) is not Python 3.11; name one that is: make env PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "bankseg: $(PYTHON) cannot make a virtual environment; run: apt-get install python3.11-venv" >&2; exit 1; }
	@echo "Installing the locked packages into $(VENV) ..."
	@$(PYTHON) -m venv --without-pip $(VENV) || { echo "bankseg: $(VENV) cannot be created; free 4 GB of disk, or make the folder writable, then repeat" >&2; exit 1; }
	@$(PY) -m ops.install requirements/run.lock
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements/deploy.lock requirements/dev.lock
	@echo "Installing the packages for development into $(VENV) ..."
	@$(PY) -m ops.install requirements/run.lock requirements/deploy.lock requirements/dev.lock
	@touch $@
