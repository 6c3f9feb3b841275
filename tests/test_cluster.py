"""`annotate --engine ray` on a cluster of two nodes, of which one dies. It takes minutes: `make soak`, `make test-all`."""
import csv
import subprocess
import sys

import pytest
from helpers import environment

from fer_nb.benchmark import write_clip
from fer_nb.resume import Run
from fer_nb.table import read_table

# A process of its own, whose classes travel to the workers. Every worker is slow enough that the node dies in the middle.
ANNOTATE = """
import os, signal, sys, threading, time
from pathlib import Path
import ray
from ray.cluster_utils import Cluster
from fer_nb import cluster as cluster_module
from fer_nb.cluster import _SourceAnnotator, annotate_with_ray

folder, begun = Path(sys.argv[1]), Path(sys.argv[1]) / "begun"


class Mortal(_SourceAnnotator):
    def __init__(self, *arguments):
        if not (folder / "loaded").exists():  # the first worker dies while it loads the networks
            (folder / "loaded").touch()
            cluster_module._begin_try(f"{arguments[0]}/loading-{cluster_module._worker_name()}")
            os.kill(os.getpid(), signal.SIGKILL)
        super().__init__(*arguments)
        self.follow = self.recognizers[0].follow
        self.recognizers[0].follow = self.look

    def __call__(self, row):
        with begun.open("a") as file:
            print(ray.get_runtime_context().get_node_id(), Path(row["source"]).stem, file=file)
        time.sleep(1)
        return super().__call__(row)

    def look(self, group):
        name = Path(group[-1].source).stem
        if name == "deadly" or name == "3" and not (folder / "died").exists():
            (folder / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self.follow(group)


def end_node():
    "Once both nodes work, and something is done."
    while not begun.exists() or len({line.split()[0] for line in open(begun)}) < 2 or len(list(folder.rglob("*.parquet"))) < 2:
        time.sleep(0.05)
    cluster.remove_node(node, allow_graceful=False)
    print("ended", node.node_id, flush=True)


soon = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 500, "health_check_failure_threshold": 3}
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "_system_config": soon})
node = cluster.add_node(num_cpus=1)
ending = threading.Thread(target=end_node, daemon=True)
ending.start()
summary = annotate_with_ray(folder / "ray", [folder / "archive"], address=cluster.address, annotator=Mortal)
ending.join(60)
print("done", summary.frames, summary.rows)
ray.shutdown()
cluster.shutdown()
"""


def rows(path):
    return read_table(path).sort_by([("source", "ascending"), ("frame", "ascending"), ("left", "ascending")]).to_pylist()


@pytest.mark.soak
def test_a_worker_and_a_node_die_and_a_file_kills(project, tmp_path):
    (tmp_path / "archive").mkdir()
    for name in (*range(10), "deadly"):
        write_clip(tmp_path / "archive" / f"{name}.mp4", 1)
    (tmp_path / "archive" / "words.mp4").write_text("no video")
    done = subprocess.run(
        [sys.executable, "-c", ANNOTATE, str(tmp_path)], env=environment(project), capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said = dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if line.startswith(("ended ", "done ")))
    begun = [line.split() for line in (tmp_path / "begun").read_text().splitlines()]
    assert said["ended"] in {node for node, _ in begun} and (tmp_path / "died").exists() and (tmp_path / "loaded").exists()
    assert [name for _, name in begun].count("deadly") <= 6  # three tries, the entry, and what a node's end may add
    Run(tmp_path / "local.parquet", [tmp_path / "archive"]).work()
    expected = [row for row in rows(tmp_path / "local.parquet") if not row["source"].endswith("deadly.mp4")]
    assert rows(tmp_path / "ray") == expected  # none lost, none twice
    assert said["done"] == f"250 {len(expected)}"
    with open(tmp_path / "ray.errors.csv", newline="") as file:
        entries = {row["source"].rsplit("/", 1)[1]: row["error"] for row in csv.DictReader(file)}
    assert list(entries) == ["deadly.mp4", "words.mp4"] and "ended the process that read it, 3 times." in entries["deadly.mp4"]
    assert not list((tmp_path / "ray").rglob(".*.part"))
