#!/usr/bin/env bash
# A list of three numbers, given to pyarrow, loads pandas, wherever that is installed.
#
# Seen with pyarrow 26.0.1 and pandas 3.1.1. `import pyarrow` leaves pandas alone. pyarrow.array([1, 2, 3]) loads it, to ask
# whether the list is a Series; so does importing pyarrow.dataset, and with it pyarrow.parquet.read_table of one file. In Linux's
# count the process is then some 40 MB larger, and nothing of pandas was asked for.
#
# The good guess is that pyarrow needs no pandas (it is no dependency) and loads it in to_pandas() and from_pandas() alone. A program that
# writes columns in small steps finds out in its memory, and only on machines where something else brought pandas. Array.from_buffers,
# ParquetWriter and ParquetFile do without: `table` uses those.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install -q pyarrow==26.0.1 pandas==3.1.1 numpy==2.4.6
cd "$work"
cat > loads.py <<'PYTHON'
import subprocess
import sys

BEGIN = "import sys, numpy as np, pyarrow as pa, pyarrow.parquet as pq\n"
COLUMN = "pa.Array.from_buffers(pa.int64(), 3, [None, pa.py_buffer(np.arange(3))])"
STEPS = {
    "import pyarrow.parquet": ("", False),
    "pa.array([1, 2, 3])": ("pa.array([1, 2, 3])", True),
    "pa.array(numpy array)": ("pa.array(np.arange(3))", True),
    "pq.read_table(one file)": ("pq.read_table('three.parquet')", True),
    "import pyarrow.dataset": ("import pyarrow.dataset", True),
    "Array.from_buffers": (f"n = {COLUMN}", False),
    "pq.ParquetWriter": (f"batch = pa.record_batch([{COLUMN}], names=['n'])\n"
                         "with pq.ParquetWriter('written.parquet', batch.schema) as writer: writer.write_batch(batch)", False),
    "pq.ParquetFile(file).read()": ("pq.ParquetFile('three.parquet').read()", False),
}
exec(BEGIN + "pq.write_table(pa.table({'n': [1, 2, 3]}), 'three.parquet')")
as_stated = True
for name, (step, expected) in STEPS.items():
    code = f"{BEGIN}{step}\nprint('pandas' in sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip() == "True"
    print(f"{name:28} pandas {'is loaded' if loaded else 'is not loaded'}")
    as_stated &= loaded == expected
sys.exit(not as_stated)
PYTHON
"$work/env/bin/python" loads.py
