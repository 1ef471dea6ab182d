# make run    create .venv, install what the app needs, start it
# make test   install what the tests need, run all of them

# The first Python that TensorFlow has wheels for.
PYTHON ?= $(shell for python in python3 python3.12 python3.13 python3.11 python3.10; do \
	$$python -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& echo $$python && break; done)
BIN := .venv/bin

.PHONY: run test benchmarks clean

run: .venv/app-installed
	$(BIN)/streamlit run streamlit_app.py

test: .venv/dev-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@# The browser of the system, else Playwright's own.
	@command -v chromium >/dev/null || $(BIN)/playwright install chromium
	@# Two at a time: many wait for processes of their own.
	$(BIN)/pytest -v -n 2 --dist loadfile -m "not browser"
	$(BIN)/pytest -v -m browser

benchmarks: .venv/dev-installed
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv

.venv/python-ready:
	@test -n "$(PYTHON)" || { echo "Digit Lab needs Python 3.10 to 3.13; install one of them first."; exit 1; }
	$(PYTHON) -m venv .venv
	touch $@

.venv/app-installed: requirements.txt .venv/python-ready
	$(BIN)/python -m pip install --quiet -r requirements.txt
	touch $@

.venv/dev-installed: requirements-dev.txt .venv/app-installed
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	touch $@
