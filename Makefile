# make run    set up everything, order one video and make it    ARGS="--minutes 75 --seed 7 --json"
# make up     Dagster's web UI and daemon on this machine
# make test   set up and run the tests                          ARGS="-k store"
# make test-slow  the tests of kills, load, long files and 1080p that take longest
# make bench  measure the render engine beside its rivals       ARGS="--minutes 5 --json"
# make bench-api  measure the REST API under load                ARGS="--seconds 10 --json"
# make sheets  make the contact sheets of the documentation anew  ARGS="album build"
# make demo-vendors  a whole job before fake vendors, which keep a bill   ARGS="--faulty 0.3 --seed 1"
# make check  format, lint, types, import contract, definitions

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# More processes than the two cores of a small machine: what one waits for (a server, a sensor) another uses.
PARALLEL := -n 3 --dist loadfile --no-loadscope-reorder

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run up test test-slow bench bench-api sheets demo-vendors check format lock setup clean

run: $(VENV)/ready
	@$(BIN)/video-pipeline run $(ARGS)

up: $(VENV)/ready
	@exec $(BIN)/video-pipeline up

test: $(VENV)/ready
	$(BIN)/python -m pytest $(PARALLEL) -m "not slow" $(ARGS)

test-slow: $(VENV)/ready
	$(BIN)/python -m pytest $(PARALLEL) -m slow $(ARGS)

bench: $(VENV)/ready
	@exec $(BIN)/python -m tools.bench $(ARGS)

bench-api: $(VENV)/ready
	@exec $(BIN)/python -m tools.bench_api $(ARGS)

sheets: $(VENV)/ready
	@exec $(BIN)/python -m tools.sheets $(ARGS)

demo-vendors: $(VENV)/ready
	@exec $(BIN)/python -m tools.demo_vendors $(ARGS)

check: $(VENV)/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	cd $(CURDIR) && $(BIN)/python -W ignore -m dagster definitions validate -w workspace.yaml

format: $(VENV)/ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

setup: $(VENV)/ready

$(VENV)/ready: requirements.lock pyproject.toml tools/setup_environment.py
	@$(PYTHON) tools/setup_environment.py $(VENV)

# The lock holds exact versions and checksums for every supported Python and machine.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra dev \
		pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) $(VENV).lock $(VENV)-bench $(VENV)-bench.lock .bench build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
