#!/usr/bin/env bash
# All tests: the notebooks are clean, exporting them changes nothing, they run, and so do the tests that can't be a cell.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "== notebooks are clean, and exporting them changes nothing"
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -R settings.ini setup.py _quarto.yml README.md nbs fer_nb "$copy"
(cd "$copy" && git init -q && nbdev_clean && nbdev_export)
for folder in nbs fer_nb; do
  diff -rq -x __pycache__ -x .ipynb_checkpoints "$folder" "$copy/$folder" ||
    { echo "Run nbdev_clean and nbdev_export, and commit what they change."; exit 1; }
done

echo "== every notebook runs"
timeout 900 nbdev_test --n_workers 2 --do_print

echo "== the tests that can't be a cell"
python -m pytest -q tests
