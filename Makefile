# One front door. `make demo` and `make test` need Python 3.11 or newer, and nothing else.
PYTHON ?= python3
BIN := .venv/bin

SEEDS ?= 200

# Without bytecode every process of a test compiles six hundred files anew: half of what it takes to start.
export PYTHONDONTWRITEBYTECODE =
# Every processor has a process of tests already: threads for small products only wait.
export OPENBLAS_NUM_THREADS = 1

.PHONY: demo test fast real check bench simulate honest torture lock clean
.DEFAULT_GOAL := help

help:            ## list the targets
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1\t/' | expand -t 18

demo: .venv/ready     ## play four models for a minute and find what was planted
	$(BIN)/driftline demo

# Two at once leave two thirds of two processors idle: most of these stories wait for brokers.
test: fast .venv/ready     ## everything, integration against a real Kafka included
	$(BIN)/pytest -q -n 3 --dist loadfile --no-loadscope-reorder -m "integration and not real"

fast: .venv/ready     ## what needs no broker and no browser: laws, tables, stories
	$(BIN)/pytest -q -n 2 --dist worksteal -m "not integration"

real: .venv/ready     ## triggers start runs in Airflow, MLflow, Metaflow, DVC and others, which it installs first
	$(BIN)/pytest -q -m real tests/real

check: .venv/ready    ## lint, types, import contracts, doctests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest -q -p no:randomly --doctest-modules --doctest-glob='*.md' detectors sinks stream README.md docs

bench: .venv/ready    ## speed and memory, as ratios measured side by side
	$(BIN)/python -m tests.bench

simulate: .venv/ready ## SEEDS=200 worlds, each struck, in one process or in two tiers, and undisturbed: equal rows
	$(BIN)/python -m tests.simulation --seeds $(SEEDS)

honest: .venv/ready   ## eight worlds in which nothing changes: as many false incidents as promised
	$(BIN)/python -m tests.honesty.incidents --few

torture: .venv/ready  ## kill, freeze and stop workers, monitor and broker for ten minutes; then compare the rows
	$(BIN)/python -m tests.torture --faults 100

lock:            ## write requirements.lock and the pins of `make real` anew (needs uv)
	uv pip compile --universal --generate-hashes --python-version 3.11 --all-extras --group dev \
	  --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" -q --upgrade \
	  pyproject.toml -o requirements.lock
	for name in airflow mlflow programs; do uv pip compile --python-version 3.11 --upgrade -q --no-emit-index-url \
	  --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
	  tests/real/environments/$$name.in -o tests/real/environments/$$name.txt; done

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "driftline needs Python 3.11 or newer; try: make PYTHON=python3.12")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install -q --require-hashes -r requirements.lock
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	touch $@

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
