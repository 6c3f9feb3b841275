# The environment is in .venv; every target builds it first. PYTHON chooses the Python (3.10 to 3.13).
PYTHON ?= python3
BIN := .venv/bin
export TF_CPP_MIN_LOG_LEVEL ?= 2

.PHONY: serve test test-all soak env lab docs train clean

serve: env
	$(BIN)/fer_nb serve $(ARGS)

env: .venv/ready

.venv/ready: constraints.txt settings.ini setup.py fer_nb/runners/litert_js.py
	$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "fer_nb needs Python 3.10 to 3.13; name one with 'make PYTHON=python3.12'."; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	$(BIN)/python fer_nb/runners/litert_js.py || true  # without it all works but recognition in the browser, which says so
	touch $@

test: env
	PATH="$(CURDIR)/$(BIN):$$PATH" tests/run.sh

# And what takes long: cells that are marked slow, and the soak. CI runs it on Mondays.
test-all: env
	PATH="$(CURDIR)/$(BIN):$$PATH" tests/run.sh all

# Ten minutes of eight sessions, ten thousand damaged bodies and videos, faults under load, a cluster whose node dies.
soak: env
	$(BIN)/python -m pytest -q -m soak tests $(ARGS)

lab: env
	$(BIN)/jupyter lab nbs/01_intro.ipynb

docs: env
	@command -v quarto >/dev/null || { echo "The docs need Quarto: install it from https://quarto.org/docs/get-started, then 'make docs'."; exit 2; }
	touch README.md  # one that is older than index.ipynb would be written anew, without its links
	PATH="$(CURDIR)/$(BIN):$$PATH" nbdev_docs
	$(BIN)/fer_nb web --out _docs/on_this_device --overwrite  # what the page "Try it" shows

train: env
	$(BIN)/fer_nb train $(ARGS)

# nbdev_readme needs Quarto, so the README is made with nbconvert; links lead into nbs/, and code is marked as Python.
README.md: nbs/index.ipynb
	$(BIN)/jupyter nbconvert --log-level=ERROR --to markdown --stdout $< | cat -s \
	  | sed -E 's#\]\((images/|[0-9a-z_]+\.ipynb)#](nbs/\1#g' \
	  | awk '/^```/ { if (!inside && $$0 == "```") $$0 = "```python"; inside = !inside } { print }' > $@

clean:
	rm -rf .venv build dist _docs _proc *.egg-info
