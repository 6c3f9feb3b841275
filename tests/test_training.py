"""`fer_nb train` on the drawn sample: it ends with a model, a run that was stopped goes on, and mistakes are told."""
import csv
import errno
import json
import shutil
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner
from helpers import DEFAULT_MODEL, LIMIT, PROJECT, environment, wait_until

SAMPLE = PROJECT / "data" / "sample"
FILES = {
    "README.md", "config.json", "history.csv", "metadata.json", "metrics.json", "model.json", "model.tflite",
    "model.weights.h5",
}
SETTINGS = {"model": "tiny", "batch_size": 140, "warmup_epochs": 0, "epochs": 1}  # two steps an epoch
# A network of two small blocks learns nothing worth having, and a run of it takes seconds.
TINY = """
from fer_nb.cnn import CNN_CONFIGS, CnnConfig
CNN_CONFIGS["tiny"] = CnnConfig(filters=(4, 8), dense=(8,), dropout=0.1, dense_dropout=0.1)
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    "A folder with the default model, where `fer_nb train`, run in this process, writes its models."
    from fer_nb import cli

    folder = tmp_path_factory.mktemp("house")
    shutil.copytree(DEFAULT_MODEL, folder / "models" / DEFAULT_MODEL.name)
    exec(TINY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "project_folder", lambda: folder)
        yield folder


@pytest.fixture
def call(house):
    "Run `fer_nb` in this process, which has paid for TensorFlow once."
    from fer_nb.cli import main

    return lambda *arguments: CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def train(call, tmp_path):
    "Run `fer_nb train` with the shortest settings, or others."

    def run(name, *options, data=SAMPLE, **settings):
        config = tmp_path / f"{name}.json"
        config.write_text(json.dumps({**SETTINGS, **settings}))
        return call("train", "--data", data, "--config", config, "--name", name, *options)

    return run


@pytest.fixture(scope="module")
def trained(house, tmp_path_factory):
    "The folder of a small model that knows the seven expressions, for other runs to start from."
    from fer_nb.make_model import make_model
    from fer_nb.training import TrainingConfig

    make_model(TrainingConfig(**SETTINGS), house / "models" / "trained", SAMPLE, verbose=0)
    return house / "models" / "trained"


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


def test_train_killed_and_resumed(house, train, call, photo, tmp_path):
    config = tmp_path / "killed.json"
    config.write_text(json.dumps({**SETTINGS, "epochs": 1000, "seed": 5}))
    there = f"import pathlib\nfrom fer_nb import cli\ncli.project_folder = lambda: pathlib.Path({str(house)!r})"
    code = f"{TINY}\n{there}\ncli.main()"
    command = [sys.executable, "-c", code, "train", "--data", SAMPLE, "--config", config, "--name", "killed"]
    folder = house / "models" / "killed"
    process = subprocess.Popen(command, env=environment(None), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: any((folder / "run").glob("epoch-*")), "the first epoch does not end", seconds=LIMIT)
    finally:
        process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not (folder / "model.tflite").exists()
    first_epoch = (folder / "run" / "history.csv").read_text().splitlines()[1]

    refused = train("killed")
    assert refused.exit_code == 2
    assert "--resume" in refused.stderr

    done = max(int(path.name[6:10]) for path in (folder / "run").glob("epoch-*"))
    resumed = call("train", "--data", SAMPLE, "--name", "killed", "--epochs", done + 1, "--resume")  # with the settings it had
    assert resumed.exit_code == 0, resumed.output
    assert_finished(folder, done + 1)
    assert (folder / "history.csv").read_text().splitlines()[1] == first_epoch  # it went on, it did not start anew
    assert json.loads((folder / "config.json").read_text())["seed"] == 5
    assert call("predict", photo, "--model", folder).exit_code == 0

    refused = train("killed")
    assert refused.exit_code == 2
    assert "--name" in refused.stderr


def test_a_teacher_named_in_the_config(house, train, trained):
    two = f"{trained}, {DEFAULT_MODEL}"
    done = train("taught", teacher=two, teacher_share=0.8, average=0.9)
    assert done.exit_code == 0, done.output
    assert json.loads((house / "models" / "taught" / "config.json").read_text())["teacher"] == two
    refused = train("untaught", teacher="nobody")
    assert refused.exit_code == 2
    assert "There is no model 'nobody'" in refused.stderr


def test_a_models_config_makes_it_again(house, train, call):
    made = train("once", "--note", "A first\ntry.", epochs=2, seed=3)
    assert made.exit_code == 0, made.output
    again = call("train", "--data", SAMPLE, "--config", house / "models" / "once" / "config.json", "--name", "again")
    assert again.exit_code == 0, again.output
    once, twice = (read_rows(house / "models" / name / "history.csv") for name in ("once", "again"))
    assert len(once) == len(twice) == 2
    for first, second in zip(once, twice):
        for figure in ("loss", "val_loss"):  # the sums of a batch may round another way the second time
            assert float(first[figure]) == pytest.approx(float(second[figure]), rel=1e-2)
    notes = {row["name"]: row["note"] for row in read_rows(house / "models" / "runs.csv")}
    assert (notes["once"], notes["again"]) == ("A first try.", "")


def test_train_stopped_at_bad_moments(house, train):
    import keras

    from fer_nb import make_model, training

    def stop(*arguments, **options):
        raise SystemExit(9)  # no handler of ours takes it

    def fill(network, path, **options):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    for owner, name, stand_in, status in (
        (training, "_write_history", stop, 9),  # while the first epoch is being kept
        (keras.Model, "save_weights", fill, 2),
        (make_model, "evaluate", stop, 9),  # the model is written, but not its figures
    ):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(owner, name, stand_in)
            stopped = train("bad_moments", "--resume")
        assert stopped.exit_code == status, stopped.output
        if status == 2:
            assert "Error: The disk is full; " in stopped.stderr
            assert "Traceback" not in stopped.stderr
    done = train("bad_moments", "--resume")
    assert done.exit_code == 0, done.output
    assert_finished(house / "models" / "bad_moments", 1)


def test_own_classes_from_another_model(house, call, trained, photo, tmp_path):
    data, folder = tmp_path / "own", house / "models" / "mine"
    for name, expression in (("calm", "neutral"), ("smiling", "happy")):
        shutil.copytree(SAMPLE / "validation" / expression, data / name)
    done = call("train", "--data", data, "--from", trained, "--epochs", 1, "--name", "mine")  # --from names the network, too
    assert done.exit_code == 0, done.output
    assert "16 faces to learn from and 4 to validate on" in done.output
    assert "a fifth of each class held out" in done.output
    assert {path.name for path in folder.iterdir()} == FILES
    metadata = json.loads((folder / "metadata.json").read_text())
    assert (metadata["labels"], list(metadata["readings"])) == (["calm", "smiling"], ["labels"])
    kept = metadata["readings"]["labels"]
    assert (kept["temperature"], kept["unsure_below"]) == (metadata["temperature"], metadata["unsure_below"])
    assert kept["temperature"] > 0 and 0 <= kept["unsure_below"] <= 1
    config = json.loads((folder / "config.json").read_text())
    assert (config["start"], config["model"]) == (str(trained), "tiny")
    assert "FER-2013" not in (folder / "README.md").read_text()

    [face] = json.loads(call("predict", photo, "--model", folder, "--json").stdout)["faces"]
    assert list(face["probabilities"]) == ["calm", "smiling"]
    assert json.loads(call("evaluate", "--model", folder, "--data", data, "--json").stdout)["all"]["faces"] == 4
    robust = call("evaluate", "--model", folder, "--data", data, "--robust", "--prior", "calm=0.25", "--json")
    [table] = json.loads(robust.stdout)
    assert (table["reading"], table["prior"], table["faces"]) == ("labels", "calm=0.25", 4)
    refused = call("evaluate", "--model", folder, "--data", data, "--prior", "happy=1")
    assert refused.exit_code == 2
    assert "'happy=1'" in refused.stderr and "calm, smiling" in refused.stderr
    refused = call("evaluate", "--model", folder, "--data", SAMPLE)
    assert refused.exit_code == 2
    assert "calm, smiling" in refused.stderr


def write_config(path, text):
    "Write a config; gives the options that name it."
    path.write_text(text)
    return ["--config", path]


@pytest.mark.parametrize(
    "options, words",
    [
        (lambda folder: write_config(folder / "c.json", '{"epoch": 3}'), ["'epoch'", "epochs"]),
        (lambda folder: write_config(folder / "c.json", '{"epochs": "3"}'), ["'epochs'", "a whole number"]),
        (lambda folder: write_config(folder / "c.json", '{"epochs": 3'), ["c.json", "not JSON"]),
        (lambda folder: ["--config", folder / "none.json"], ["none.json", "can't be read"]),
        (lambda folder: ["--model", "resnet"], ["resnet", "original, compact, deep, wide, slim, residual"]),
        (lambda folder: ["--seed", "-1"], ["'seed' -1"]),
        (lambda folder: ["--from", "nobody"], ["nobody", DEFAULT_MODEL.name]),
        (lambda folder: ["--from", "default", "--model", "original"], ["'original'"]),
        (lambda folder: ["--data", shutil.copytree(SAMPLE, folder / "d", ignore=shutil.ignore_patterns("sad"))], ["'sad'"]),
        (lambda folder: ["--data", folder], ["'train'"]),
    ],
)
def test_train_refuses(tmp_path, monkeypatch, options, words):
    from fer_nb import cli

    monkeypatch.setattr(cli, "project_folder", lambda: tmp_path)  # where it would write
    shutil.copytree(DEFAULT_MODEL, tmp_path / "models" / DEFAULT_MODEL.name)
    before = {DEFAULT_MODEL.name}
    arguments = ["--data", SAMPLE, *options(tmp_path)]
    result = CliRunner().invoke(cli.main, ["train", *map(str, arguments)])
    assert result.exit_code == 2, result.output
    [error] = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert error.endswith(".")
    for word in words:
        assert word in error
    assert {path.name for path in (tmp_path / "models").iterdir()} == before


@pytest.mark.filterwarnings("ignore")  # Keras has its own say on such a file
def test_weights_of_another_architecture_are_no_start(tmp_path):
    from fer_nb.cnn import build_cnn
    from fer_nb.core import FerError
    from fer_nb.make_model import choose_config

    folder = shutil.copytree(DEFAULT_MODEL, tmp_path / "model")
    build_cnn("original").save_weights(folder / "model.weights.h5")
    with pytest.raises(FerError, match="don't fit the architecture"):
        choose_config(start=str(folder))
