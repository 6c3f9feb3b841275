"""A network that another trained on colours: its answer must depend on them, whoever asks."""
import json
import os

import cv2
import keras
import numpy as np
import pytest
from helpers import ask, environment, running_server

from fer_nb.model import FacialExpressionModel
from fer_nb.table import read_table


@pytest.fixture(scope="module")
def pictures(photo, tmp_path_factory):
    "The network, which tells more red than blue, and a folder with the photograph, and the same with red and blue exchanged."
    folder = tmp_path_factory.mktemp("colour")
    network = keras.Sequential([
        keras.Input((64, 64, 3)), keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2, activation="softmax")
    ])  # fmt: skip
    network.layers[-1].set_weights([np.array([[1, -1], [0, 0], [-1, 1]], np.float32) / 20, np.zeros(2, np.float32)])
    network.save(folder / "net.keras")
    (folder / "net").mkdir()
    (folder / "net" / "metadata.json").write_text('{"labels": ["red", "blue"]}')
    os.rename(folder / "net.keras", folder / "net" / "net.keras")
    red = cv2.imread(str(photo))
    for split in ("train", "validation"):
        for name, picture in {"red": red, "blue": red[..., ::-1]}.items():
            (folder / "data" / split / name).mkdir(parents=True)
            for number in range(2):
                cv2.imwrite(str(folder / "data" / split / name / f"{number}.png"), np.ascontiguousarray(picture))
    return folder


def test_every_way_sees_the_colours(fer_nb, project, pictures, monkeypatch):
    own, model, images = str(pictures / "own"), str(pictures / "net"), pictures / "data" / "train"
    both = [str(images / name / "0.png") for name in ("red", "blue")]
    done = fer_nb("predict", "--json", "--model", model, *both, FER_OWN=own)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["faces"][0]["label"] for line in done.stdout.splitlines()] == ["red", "blue"]
    done = fer_nb("annotate", "--model", model, *both, "--out", str(pictures / "faces.csv"), FER_OWN=own)
    assert done.returncode == 0, done.stderr
    assert read_table(pictures / "faces.csv")["label"].to_pylist() == ["red", "blue"]
    for detect in ((), ("--detect",)):
        done = fer_nb("evaluate", "--model", model, "--data", str(pictures / "data"), "--json", *detect, FER_OWN=own)
        assert done.returncode == 0 and json.loads(done.stdout)["all"]["accuracy"] == 1, (done.stdout, done.stderr)
    monkeypatch.setenv("FER_OWN", own)
    gray = np.full((1, 48, 48), 90, np.uint8)
    for runtime in ("litert", "keras"):
        network = FacialExpressionModel.load(model, runtime)
        tinted = np.stack([np.dstack([gray[0] + 30, gray[0], gray[0]]), np.dstack([gray[0], gray[0], gray[0] + 30])])
        assert network.predict_proba(tinted).argmax(axis=1).tolist() == [0, 1]
        assert np.allclose(network.predict_proba(gray), 0.5, atol=1e-3)  # gray is the same three times
    refused = fer_nb("predict", "--explain", "--model", model, both[0], FER_OWN=own)
    assert refused.returncode == 2 and "leave --explain out" in refused.stderr, refused.stderr
    refused = fer_nb("web", "--model", model, "--out", str(pictures / "page"), FER_OWN=own)
    assert refused.returncode == 2 and "Traceback" not in refused.stderr, refused.stderr
    assert "FER_OWN" in environment(project)
    with running_server("--source", "demo", "--model", model, project=project) as process:
        for path, label in zip(both, ("red", "blue"), strict=True):
            status, _, body = ask(process.port, "POST", "/api/predict", open(path, "rb").read(), {"Content-Type": "image/png"})
            assert (status, json.loads(body)["faces"][0]["label"]) == (200, label)
