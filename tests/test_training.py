"""`fer_nb train` on the drawn sample: it ends with a model, a run killed at any moment goes on, and mistakes are told."""
import csv
import json
import shutil
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner
from helpers import COMMAND, DEFAULT_MODEL, LIMIT, environment, wait_until

FILES = {"README.md", "config.json", "history.csv", "metadata.json", "metrics.json", "model.json", "model.tflite", "model.weights.h5"}


def read_rows(path):
    "The lines of a CSV as dicts."
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def assert_finished(folder, epochs):
    "The folder holds a whole model of that many epochs, and no run any more; the log has its line."
    assert [int(row["epoch"]) for row in read_rows(folder / "history.csv")] == list(range(1, epochs + 1))
    assert {path.name for path in folder.iterdir()} == FILES
    metrics, metadata = (json.loads((folder / name).read_text()) for name in ("metrics.json", "metadata.json"))
    assert metrics["epochs"] == epochs
    assert metrics["validation"]["all"]["faces"] == 70
    assert f"{metrics['validation']['all']['accuracy']:.3f}" in (folder / "README.md").read_text()
    assert metadata["temperature"] == metrics["validation"]["calibration"]["temperature"]
    [line] = [row for row in read_rows(folder.parent / "runs.csv") if row["name"] == folder.name]
    assert int(line["epochs"]) == epochs
    assert json.loads(line["config"]) == metrics["config"] == json.loads((folder / "config.json").read_text())


def test_train_killed_and_resumed(fer_nb, project, photo):
    command = ["train", "--data", str(project / "data" / "sample"), "--name", "killed"]
    settings = ["--epochs", "3", "--seed", "5"]
    folder = project / "models" / "killed"
    process = subprocess.Popen(
        [COMMAND, *command, *settings], env=environment(project), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
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

    done = fer_nb(*command, "--resume")  # with the settings it had
    assert done.returncode == 0, done.stderr
    assert_finished(folder, 3)
    assert (folder / "history.csv").read_text().splitlines()[1] == first_epoch  # it went on, it did not start anew
    assert json.loads((folder / "config.json").read_text())["seed"] == 5
    assert fer_nb("predict", photo, "--model", "killed").returncode == 0

    refused = fer_nb(*command)
    assert refused.returncode == 2
    assert "--name" in refused.stderr


def test_a_teacher_named_in_the_config(fer_nb, project, tmp_path):
    config = tmp_path / "taught.json"
    config.write_text(json.dumps({"epochs": 1, "teacher": "default", "teacher_share": 0.8}))
    command = ["train", "--data", project / "data" / "sample", "--config", config, "--name", "taught"]
    done = fer_nb(*command)
    assert done.returncode == 0, done.stderr
    assert json.loads((project / "models" / "taught" / "config.json").read_text())["teacher"] == "default"
    config.write_text(json.dumps({"teacher": "nobody"}))
    refused = fer_nb(*command[:-1], "untaught")
    assert refused.returncode == 2
    assert "There is no model 'nobody'" in refused.stderr


def test_a_models_config_makes_it_again(fer_nb, project):
    data = project / "data" / "sample"
    made = fer_nb("train", "--data", data, "--epochs", 2, "--seed", 3, "--name", "once", "--note", "A first\ntry.")
    assert made.returncode == 0, made.stderr
    again = fer_nb("train", "--data", data, "--config", project / "models" / "once" / "config.json", "--name", "again")
    assert again.returncode == 0, again.stderr
    once, twice = (read_rows(project / "models" / name / "history.csv") for name in ("once", "again"))
    for row in (*once, *twice):
        row.pop("seconds")
    assert once == twice
    notes = {row["name"]: row["note"] for row in read_rows(project / "models" / "runs.csv")}
    assert (notes["once"], notes["again"]) == ("A first try.", "")


KILLED = "import os, {module}; {module}.{function} = lambda *a, **k: os._exit(9)"  # as a kill would end it
FULL = """
import errno, keras
def fill(self, path, **options):
    open(path, "wb").write(b"half")
    raise OSError(errno.ENOSPC, "No space left on device")
keras.Model.save_weights = fill"""


def test_train_stopped_at_bad_moments(fer_nb, project, tmp_path):
    command = ["train", "--data", str(project / "data" / "sample"), "--epochs", "1", "--name", "bad_moments", "--resume"]
    for code, status in (
        (KILLED.format(module="fer_nb.training", function="write_history"), 9),  # while the first epoch is being kept
        (FULL, 2),
        (KILLED.format(module="fer_nb.cli", function="evaluate_split"), 9),  # the model is written, but not its figures
    ):
        stopped = subprocess.run(
            [sys.executable, "-c", f"{code}\nfrom fer_nb.cli import main; main()", *command], cwd=tmp_path,
            env=environment(project), capture_output=True, text=True, timeout=LIMIT,
        )
        assert stopped.returncode == status, stopped.stderr
        if code == FULL:
            assert "Error: The disk is full; " in stopped.stderr
            assert "Traceback" not in stopped.stderr
    done = fer_nb(*command)
    assert done.returncode == 0, done.stderr
    assert_finished(project / "models" / "bad_moments", 1)


def test_own_classes_from_the_default_model(fer_nb, project, photo, tmp_path):
    data, folder = tmp_path / "mine", project / "models" / "mine"
    for name, expression in (("calm", "neutral"), ("smiling", "happy")):
        shutil.copytree(project / "data" / "sample" / "validation" / expression, data / name)
    done = fer_nb("train", "--data", data, "--from", "default", "--epochs", 2, "--name", "mine")
    assert done.returncode == 0, done.stderr
    assert "16 faces to learn from and 4 to validate on" in done.stdout
    assert "a fifth of each class held out" in done.stdout
    assert {path.name for path in folder.iterdir()} == FILES
    assert json.loads((folder / "metadata.json").read_text())["labels"] == ["calm", "smiling"]
    assert json.loads((folder / "config.json").read_text())["start"] == "default"
    assert "FER-2013" not in (folder / "README.md").read_text()

    [face] = json.loads(fer_nb("predict", photo, "--model", "mine", "--json").stdout)["faces"]
    assert list(face["probabilities"]) == ["calm", "smiling"]
    assert json.loads(fer_nb("evaluate", "--model", "mine", "--data", data, "--json").stdout)["all"]["faces"] == 4
    refused = fer_nb("evaluate", "--model", "mine", "--data", project / "data" / "sample")
    assert refused.returncode == 2
    assert "calm, smiling" in refused.stderr


def write_config(path, text):
    "Write a config; gives the options that name it."
    path.write_text(text)
    return ["--config", path]


@pytest.mark.parametrize(
    "options, words",
    [
        (lambda folder, sample: write_config(folder / "c.json", '{"epoch": 3}'), ["'epoch'", "epochs"]),
        (lambda folder, sample: write_config(folder / "c.json", '{"epochs": "3"}'), ["'epochs'", "a whole number"]),
        (lambda folder, sample: write_config(folder / "c.json", '{"epochs": 3'), ["c.json", "no JSON"]),
        (lambda folder, sample: ["--config", folder / "none.json"], ["none.json", "can't be read"]),
        (lambda folder, sample: ["--model", "resnet"], ["resnet", "original, compact, deep, wide"]),
        (lambda folder, sample: ["--seed", "-1"], ["'seed' -1"]),
        (lambda folder, sample: ["--from", "nobody"], ["nobody", DEFAULT_MODEL.name]),
        (lambda folder, sample: ["--from", "default", "--model", "original"], ["'original'"]),
        (lambda folder, sample: ["--data", shutil.copytree(sample, folder / "d", ignore=shutil.ignore_patterns("sad"))], ["'sad'"]),
        (lambda folder, sample: ["--data", folder], ["'train'"]),
    ],
)
def test_train_refuses(project, tmp_path, monkeypatch, options, words):
    from fer_nb import cli

    monkeypatch.setattr(cli, "project_folder", lambda: tmp_path)  # where it would write
    shutil.copytree(DEFAULT_MODEL, tmp_path / "models" / DEFAULT_MODEL.name)
    sample, before = project / "data" / "sample", {DEFAULT_MODEL.name}
    arguments = ["--data", sample, *options(tmp_path, sample)]
    result = CliRunner().invoke(cli.main, ["train", *map(str, arguments)])
    assert result.exit_code == 2, result.output
    [error] = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert error.endswith(".")
    for word in words:
        assert word in error
    assert {path.name for path in (tmp_path / "models").iterdir()} == before


@pytest.mark.filterwarnings("ignore")  # Keras has its own say on such a file
def test_weights_of_another_architecture_are_no_start(tmp_path):
    from fer_nb import cli
    from fer_nb.cnn import build_cnn
    from fer_nb.core import FerError

    folder = shutil.copytree(DEFAULT_MODEL, tmp_path / "model")
    build_cnn("original").save_weights(folder / "model.weights.h5")
    with pytest.raises(FerError, match="don't fit the architecture"):
        cli.load_trained(folder)
