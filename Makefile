# Sets up and runs everything. It needs make, and Python 3.11 to 3.13 with its venv package.
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: install demo test test-extra test-pages lint reference bench stress book
# The benchmarks of speed. PyTorch is a peer if it is installed: .venv/bin/python -m pip install -e '.[bench]'
BENCHMARKS := convert pipeline step cost generate start overhead

demo: install
	$(BIN)/python scripts/train.py
	@echo 'Open runs/dcgan/digits-32/report.html in a browser; training.gif and images/ are beside it.'

test: install
	$(BIN)/python -m pytest -q

test-extra: install
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[test,export,cluster]'
	$(BIN)/python -m pytest -q -m extra

# Types the commands of all pages with tiny numbers: some minutes.
test-pages: install
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[test,export]'
	$(BIN)/python -m pytest -q -m pages

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Executes the chapters of docs/book into notebooks with their outputs: some 15 minutes on two cores.
book: install
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[test,book]'
	$(BIN)/python docs/book/execute.py

# docs/reference.md, from the settings.
reference: install
	$(BIN)/python docs/reference.py

bench: install
	@for name in $(BENCHMARKS); do $(BIN)/python benchmarks/$$name.py || exit; done

# Kills trainings and conversions, fills disks, damages files: hours on two cores. The full disks need root.
stress: install
	$(BIN)/python tests/stress.py

install: $(VENV)/installed

# We run each Python to see whether it works: pyenv leaves commands that do not run, and Debian has a Python without ensurepip.
$(VENV)/installed: setup.cfg constraints.txt
	@for python in $(or $(PYTHON),python3.12 python3.13 python3.11 python3 python); do \
	  if $$python -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; \
	  then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo 'No Python 3.11, 3.12 or 3.13 with its venv package: install one (Debian, Ubuntu: apt install python3 python3-venv;' \
	    'macOS: brew install python@3.12), or name one with PYTHON=, and type the same again.' >&2; exit 1; \
	fi; \
	echo "Setting up $(VENV) with $$found: some minutes, 3 GB."; \
	$$found -m venv $(VENV) && $(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@
