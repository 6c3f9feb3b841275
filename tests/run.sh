#!/usr/bin/env bash
# All tests: the notebooks are clean, exporting them changes nothing, they run, and so do the tests that can't be a cell.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "== notebooks are clean, and exporting them changes nothing"
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -R settings.ini setup.py _quarto.yml README.md Makefile nbs fer_nb "$copy"
(cd "$copy" && git init -q && nbdev_clean && nbdev_export && make -s -B README.md BIN="$(dirname "$(command -v nbdev_export)")") >/dev/null
for path in nbs fer_nb README.md; do
  diff -rq -x __pycache__ -x .ipynb_checkpoints "$path" "$copy/$path" ||
    { echo "Run nbdev_clean, nbdev_export and make README.md, and commit what they change."; exit 1; }
done

echo "== every notebook runs"
timeout 900 nbdev_test --n_workers 2 --do_print

echo "== the tests that can't be a cell"
python -m pytest -q tests
