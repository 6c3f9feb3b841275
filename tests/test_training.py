"""`fer_nb train` on the drawn sample: it ends with a model, and a run killed at any moment goes on to its end."""
import csv
import json
import signal
import subprocess
import sys

from helpers import COMMAND, LIMIT, environment, wait_until


def read_epochs(folder):
    "The epochs that a folder's history.csv holds."
    with open(folder / "history.csv", newline="") as file:
        return [int(row["epoch"]) for row in csv.DictReader(file)]


def assert_finished(folder, epochs):
    "The folder holds a whole model of that many epochs, and no run any more."
    assert read_epochs(folder) == list(range(1, epochs + 1))
    files = {"README.md", "history.csv", "metrics.json", "model.json", "model.tflite", "model.weights.h5"}
    assert {path.name for path in folder.iterdir()} == files
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["epochs"] == epochs
    assert metrics["validation"]["all"]["faces"] == 70
    assert f"{metrics['validation']['all']['accuracy']:.3f}" in (folder / "README.md").read_text()


def test_train_killed_and_resumed(fer_nb, project, photo):
    command = ["train", "--data", str(project / "data" / "sample"), "--epochs", "3", "--name", "killed"]
    folder = project / "models" / "killed"
    process = subprocess.Popen([COMMAND, *command], env=environment(project), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        kept = [folder / "run" / "history.csv", folder / "run" / "epoch-0001.weights.h5"]
        wait_until(lambda: all(path.exists() for path in kept), "the first epoch does not end", seconds=LIMIT)
    finally:
        process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not (folder / "model.tflite").exists()
    first_epoch = (folder / "run" / "history.csv").read_text().splitlines()[1]

    refused = fer_nb(*command)
    assert refused.returncode == 2
    assert "--resume" in refused.stderr

    done = fer_nb(*command, "--resume")
    assert done.returncode == 0, done.stderr
    assert_finished(folder, 3)
    assert (folder / "history.csv").read_text().splitlines()[1] == first_epoch  # it went on, it did not start anew
    assert fer_nb("predict", photo, "--model", "killed").returncode == 0

    refused = fer_nb(*command)
    assert refused.returncode == 2
    assert "--name" in refused.stderr


# Runs `fer_nb` in a process that ends, as a kill would end it, when it calls one function.
KILLED_IN = "import os, {module}; {module}.{function} = lambda *a, **k: os._exit(9); from fer_nb.cli import main; main()"


def test_train_killed_at_bad_moments(fer_nb, project, tmp_path):
    command = ["train", "--data", str(project / "data" / "sample"), "--epochs", "1", "--name", "bad_moments", "--resume"]
    # While the first epoch is being kept, and when the model is written but not its figures.
    for module, function in (("fer_nb.training", "write_history"), ("fer_nb.cli", "evaluate_split")):
        code = KILLED_IN.format(module=module, function=function)
        killed = subprocess.run(
            [sys.executable, "-c", code, *command], cwd=tmp_path, env=environment(project), capture_output=True, timeout=LIMIT
        )
        assert killed.returncode == 9, killed.stderr.decode()
    done = fer_nb(*command)
    assert done.returncode == 0, done.stderr
    assert_finished(project / "models" / "bad_moments", 1)
