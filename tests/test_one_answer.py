"""One picture of any size has the same faces and probabilities, whoever asks: Python, a command, the server or an archive."""
import json

import cv2
import pytest

from fer_nb.annotate import annotate
from fer_nb.core import EXPRESSIONS
from fer_nb.recognizer import Recognizer

SIDES = ("left", "top", "width", "height")
SIZES = ((320, 240), (1300, 2600), (2600, 2000), (4000, 3000))  # below and above what a detector looks at, upright and lying


@pytest.fixture(scope="module")
def pictures(photo, tmp_path_factory):
    "The photograph in several sizes, as files."
    image, folder, paths = cv2.imread(str(photo)), tmp_path_factory.mktemp("pictures"), []
    for width, height in SIZES:
        paths.append(folder / f"{width}x{height}.jpg")
        cv2.imwrite(str(paths[-1]), cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC))
    return paths


@pytest.fixture(scope="module")
def expected(pictures):
    "The faces of each picture, from Python."
    recognizer = Recognizer.load()
    faces = [recognizer.recognize(cv2.imread(str(path))).as_dict()["faces"] for path in pictures]
    assert all(faces)  # a picture without a face would compare nothing
    return faces


def same(found, expected):
    "Whether both have the same faces, to the places that JSON keeps."
    for face, other in zip(found, expected, strict=True):
        assert [face[side] for side in SIDES] == pytest.approx([other[side] for side in SIDES], abs=0.11)
        assert face["label"] == other["label"] and face["unsure"] == other["unsure"]
        for kind in ("probabilities", "raw"):
            assert [face[kind][name] for name in EXPRESSIONS] == pytest.approx(
                [other[kind][name] for name in EXPRESSIONS], abs=2e-4
            )


def test_command(fer_nb, pictures, expected):
    answers = [json.loads(line) for line in fer_nb("predict", "--json", *pictures).stdout.splitlines()]
    for answer, faces in zip(answers, expected, strict=True):
        same(answer["faces"], faces)


def test_server(pictures, expected, serve_camera, still_camera):
    from helpers import ask

    port = serve_camera(still_camera)
    for path, faces in zip(pictures, expected, strict=True):
        status, _, body = ask(port, "POST", "/api/predict", path.read_bytes(), {"Content-Type": "image/jpeg"})
        assert status == 200
        same(json.loads(body)["faces"], faces)


def test_archive(pictures, expected):
    rows = [row for batch in annotate(pictures) for row in batch.to_pylist()]
    for path, faces in zip(pictures, expected, strict=True):
        mine = [row for row in rows if row["source"] == str(path)]
        for row in mine:
            for kind in ("probabilities", "raw"):
                row[kind] = {name: row[f"{kind}_{name}"] for name in EXPRESSIONS}
        same(mine, faces)
