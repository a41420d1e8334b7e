# Two commands: `make demo` ends with a verdict and a report, `make test` passes the tests.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PODMAN_TESTS := conformance own_engine outcomes counters exit_codes workload

.PHONY: demo check test test-v2 test-podman test-bases test-faults test-gpu unit lint engine images scenarios benchmarks schema clean-venv

demo: engine images
	$(BIN)/bench run scenarios/quickstart.yaml

# While one works: style, and the tests that take no engine and little time. About two minutes.
check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -m "not engine and not slow" -n auto

test: lint unit engine images
	$(BIN)/python -m pytest -m engine

# Debian 13 in an emulated machine: cgroup v2, Engine 26, both image stores, Podman 5. Takes long.
test-v2: $(STAMP)
	$(BIN)/python -m pytest tests/vm

# A Podman service of the tests' own; podman is installed where that can be done.
test-podman: engine
	BENCH_TEST_ENGINE=podman $(BIN)/python -m pytest $(addprefix tests/live/test_,$(addsuffix .py,$(PODMAN_TESTS)))

# Base images made of Debian packages, each built and started: some fifteen minutes.
test-bases: engine
	$(BIN)/python -m pytest -m bases tests/bases

# Kills daemons, fills disks, cuts networks, and reads twenty thousand broken files.
test-faults: engine
	$(BIN)/python -m pytest -m "faults and not engine" -n auto
	$(BIN)/python -m pytest -m "faults and engine"

# On a machine with an NVIDIA GPU and its driver; no container engine is needed.
test-gpu: $(STAMP)
	$(BIN)/python -m pytest -m gpu

unit: $(STAMP)
	$(BIN)/python -m pytest -m "not engine" -n auto

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

engine: $(STAMP)
	$(BIN)/bench engine up --install

images: engine
	$(BIN)/bench images prepare

# One after the other, whatever the verdicts; it takes more than an hour.
scenarios: engine images
	PYTHON=$(BIN)/python images/fetch_wheels.sh
	$(BIN)/bench run scenarios/*.yaml

benchmarks: engine images
	$(BIN)/python benchmarks/run.py

schema: $(STAMP)
	$(BIN)/bench schema > bench/scenario/scenario.v1.schema.json
	$(BIN)/python -m bench.results.document_schema > bench/results/run.v2.schema.json

# A cut-off installation leaves no stamp and is done again.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "bench needs Python 3.11 or newer: make PYTHON=python3.11 ..." >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	       && apt-get update -qq && apt-get install -y -qq python3-venv; } \
	  || { echo "this Python has no venv: apt-get install python3-venv" >&2; exit 3; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,gpu,notebooks]'
	touch $@

clean-venv:
	rm -rf $(VENV)
