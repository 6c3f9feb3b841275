#!/usr/bin/env bash
# All tests: what reading finds, notebooks that are clean and export to what is in fer_nb, notebooks that run, and the tests that
# can't be a cell. `tests/run.sh all` runs what takes long, too: the cells that are marked slow, and the soak.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-}
flags=$([ "$what" = all ] && echo slow || true)

echo "== what reading finds: ruff in the notebooks, mypy in the package"
ruff check --quiet .
mypy

echo "== notebooks are clean, and exporting them changes nothing"
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -R settings.ini setup.py _quarto.yml README.md CONTRIBUTING.md CHANGELOG.md LICENSE Makefile nbs fer_nb "$copy"
(cd "$copy" && git init -q && nbdev_clean && nbdev_export && make -s -B README.md BIN="$(dirname "$(command -v nbdev_export)")") >/dev/null
for path in nbs fer_nb README.md; do
  diff -rq -x __pycache__ -x .ipynb_checkpoints "$path" "$copy/$path" ||
    { echo "Run nbdev_clean, nbdev_export and make README.md, and commit what they change."; exit 1; }
done

export FER_OWN="$copy/own"  # the chapters train a network and keep it; not in the place of yours

# Half of the time these tests wait for a server or a browser, and the notebooks use it.
echo "== every notebook runs, and the tests that can't be a cell beside them (their output comes after the notebooks')"
set -m  # in a process group of its own, which an interrupt ends with all its servers
python -m pytest -q --durations=10 tests >"$copy/tests.log" 2>&1 &
tests=$!
set +m
trap 'kill -INT -- -$tests 2>/dev/null || true; rm -rf "$copy"' EXIT
failed=0
# nbdev_test uses a process for several notebooks, and this one must divide the processor before TensorFlow starts.
own=05b_data_parallel.ipynb
timeout 1800 nbdev_test --n_workers 2 --do_print --timing --flags "$flags" --skip_file_glob "$own" || failed=1
timeout 600 nbdev_test --path "nbs/$own" --n_workers 0 --do_print --flags "$flags" || failed=1
wait $tests || failed=1
cat "$copy/tests.log"

if [ "$what" = all ]; then
  echo "== the soak"
  python -m pytest -q -m soak tests || failed=1
fi
exit $failed
