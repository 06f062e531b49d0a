# `make` or `make help` lists what there is. PYTHON names the interpreter that .venv is built with.
PYTHON ?= python3
export PYTHON
# Tests wait for processes most of their time, so one more than the two cores of a small machine.
TEST_PROCESSES ?= 3

.PHONY: help run test check format bench bench-load-line bench-uploads bench-fanout
.DEFAULT_GOAL := help

help: ## list these targets
	@sed -n 's/^\([a-z-]*\): .*## /\1\t/p' Makefile

run: ## run web and worker here, on PORT (8000), until Ctrl-C
	@scripts/venv.sh requirements.txt
	@exec .venv/bin/python -m project.local

test: ## run every test that this machine can run; ARGS="-k name" chooses
	@scripts/venv.sh requirements-dev.txt
	@exec .venv/bin/python -m pytest -n $(TEST_PROCESSES) --dist loadfile $(ARGS)

check: ## judge format, lint, types and layout; show every failure, then fail
	@scripts/venv.sh requirements-dev.txt
	@failed=; \
	for step in "ruff format --check ." "ruff check ." "mypy" "pytest -q tests/test_layout.py"; do \
		echo "== $$step"; \
		.venv/bin/python -m $$step || failed="$$failed [$$step]"; \
	done; \
	if [ -n "$$failed" ]; then echo "failed:$$failed" >&2; exit 1; fi

format: ## put format and import order right, and what else ruff can fix
	@scripts/venv.sh requirements-dev.txt
	@.venv/bin/python -m ruff check --fix . ; .venv/bin/python -m ruff format .

bench: ## measure the queue beside its peers; ARGS="--quick" tries it out, ARGS="--help" lists the rest
	@scripts/venv.sh requirements.txt
	@exec .venv/bin/python -m bench.queue $(ARGS)

bench-load-line: ## show the service and two others under a quota and a heavy load; ARGS as above
	@scripts/venv.sh requirements.txt
	@exec .venv/bin/python -m bench.load_line $(ARGS)

bench-uploads: ## measure uploads beside others; ARGS as above
	@scripts/venv.sh requirements.txt
	@exec .venv/bin/python -m bench.uploads $(ARGS)

bench-fanout: ## measure fan-outs beside others; ARGS as above
	@scripts/venv.sh requirements.txt
	@exec .venv/bin/python -m bench.fanout $(ARGS)
