# One word for each thing one does here. Needs Python 3.10 or newer and git; the rest is installed into .venv.
PYTHON ?= python3
BIN := .venv/bin
TORCH := torch==2.13.0
# it comes alone: it asks for torchvision, which breaks beside this torch; what its Learner imports is among the extras
FASTAI := fastai==2.8.12
QUICKSTART := nbs/tutorials/01_quickstart.ipynb

MINUTES ?= 30
RUN_PYTEST ?= $(BIN)/pytest

# where several processes compute beside each other: threads of torch's own would wait for a core most of the time, and burn the other one while they do
test soak faults outputs: export OMP_NUM_THREADS := 1

.PHONY: train lab check check-types check-public check-style check-js test soak faults export outputs js picture bench clean

train: .venv/lab  ## trains the quickstart in a real kernel, with progress
	$(BIN)/python -c "from trainbook.terminal.notebook import report, run_notebook; report(run_notebook('$(QUICKSTART)'))"

lab: .venv/lab  ## opens the quickstart in JupyterLab
	$(BIN)/jupyter lab $(QUICKSTART)

check: .venv/dev .venv/js  ## linters, type checkers, imports in a circle and what TypeScript computes, within a minute
	$(MAKE) --no-print-directory -j 2 check-types check-public check-style check-js

check-types:
	$(BIN)/basedpyright --pythonpath $(BIN)/python  # of all the Pythons on PATH, the one that has torch

check-public:
	$(BIN)/python tests/public_types.py

check-style:
	$(BIN)/ruff check
	$(BIN)/pytest -q -p no:cacheprovider tests/test_layers.py

check-js:
	$(BIN)/npm --prefix js run check
	$(BIN)/npm --prefix js test

test: check .venv/chromium  ## everything: the checks, notebooks, package, browser
	$(BIN)/nbdev-test --n-workers 2 --skip-folder-re tutorials  # tests/test_tutorials.py runs those in a real kernel
	$(RUN_PYTEST) tests -m 'not browser and not quiet' -n 3 --dist worksteal  # three, as a process often waits for another one that it has started
	$(RUN_PYTEST) tests -m 'browser and not jupyter' -n 2 --dist worksteal
	$(RUN_PYTEST) tests -m 'jupyter or quiet' -n 2 --dist worksteal  # what goes by when something happens is run alone by .ci/twice if it fails

soak: .venv/dev .venv/chromium  ## what goes wrong seldom: 200 kills, folders full of nonsense, 1000 cleanings, and MINUTES in JupyterLab
	TRAINBOOK_SOAK_MINUTES=$(MINUTES) TRAINBOOK_PIPELINES=1000 $(BIN)/pytest -s tests/test_crash.py tests/test_data_cleaning.py tests/test_hostile.py tests/test_ranks.py tests/test_soak.py

faults: .venv/dev  ## what is found in the programs of the fault suite, with three seeds each, beside the goals; about three hours
	$(BIN)/python tests/faults/score.py --half tune -j 2
	$(BIN)/python tests/faults/score.py --half report -j 2
	$(BIN)/python tests/faults/grid.py -j 2

export: .venv/dev  ## writes trainbook/ and README.md from nbs/, and cleans the notebooks
	$(BIN)/nbdev-export
	$(BIN)/nbdev-clean
	$(BIN)/python nbs/readme.py

outputs: .venv/dev  ## runs all notebooks and keeps what their cells show
	$(BIN)/nbdev-test --save --n-workers 0 --skip-folder-re tutorials
	$(BIN)/python nbs/outputs.py
	$(BIN)/nbdev-clean

js: .venv/js  ## builds trainbook/static from js/widget, js/data and js/model
	$(BIN)/python js/protocol.py
	$(BIN)/npm --prefix js run check
	$(BIN)/npm --prefix js run build

picture: .venv/dev .venv/chromium  ## takes the README's picture of the panel from a real run in JupyterLab, and those of the data widgets
	$(BIN)/python tests/picture.py nbs/images
	$(BIN)/python tests/data_pictures.py nbs/images

bench: bench-gpu bench-front_end bench-recording bench-show bench-learner bench-ranks bench-overhead  ## what watching, recording and a Learner cost, beside their peers; writes bench/RESULTS.md

bench-front_end: .venv/dev .venv/chromium
	$(BIN)/python bench/front_end.py

bench-%: .venv-bench/ok
	.venv-bench/bin/python bench/$*.py

# torch is named in the same call as the project, so that pip settles on one build of it
.venv/lab .venv/dev: settings.ini setup.py
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile $(TORCH) -e '.[$(@F)]'
	$(BIN)/python -m compileall -qq -j 0 .venv/lib || true  # pip compiles on one core; what is not for this Python stays as it is
	test $(@F) = lab || $(BIN)/pip install --quiet --disable-pip-version-check --no-deps $(FASTAI)
	touch $@

.venv/js: js/package-lock.json | .venv/dev
	$(BIN)/npm --prefix js ci --no-audit --no-fund
	touch $@

.venv-bench/ok: settings.ini setup.py
	test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	.venv-bench/bin/pip install --quiet --disable-pip-version-check $(TORCH) -e '.[bench]'
	.venv-bench/bin/pip install --quiet --disable-pip-version-check --no-deps $(FASTAI)
	touch $@

# Debian's Chromium, for the browser tests
.venv/chromium: | .venv/dev
	command -v chromium || { apt-get update -qq && apt-get install -y -qq chromium; } \
	  || { echo 'The browser tests need Chromium: install the package chromium, then run make test again.'; exit 1; }
	touch $@

clean:
	rm -rf .venv .venv-bench build dist *.egg-info js/node_modules js/build
