"""The network that a reader trains in chapter 5 reaches chapter 10: the cells of the chapters that hand it on, in order."""

import ast
import json
import re
from pathlib import Path

import cv2
import pytest

from fer_nb.camera import VideoCamera, first_frame
from fer_nb.core import FerError
from fer_nb.data import find_data, load_faces
from fer_nb.model import FacialExpressionModel
from fer_nb.sources import DEMO_PHOTO

PROJECT = Path(__file__).resolve().parent.parent
CHAPTERS = ["05_training", "05a_evaluation", "06_json_serialization", "08_model_class", "10_live_demo"]


def code(chapter):
    "The code cells of a chapter."
    cells = json.loads((PROJECT / "nbs" / f"{chapter}.ipynb").read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def imports(source):
    return all(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.parse(source).body)


@pytest.fixture
def reader(monkeypatch, tmp_path):
    "Runs the cells of a chapter that are about the reader's own network; a name may be given another meaning before."
    monkeypatch.setenv("FER_OWN", str(tmp_path / "own"))
    monkeypatch.delenv("FER_DATA", raising=False)

    def read(chapter, **given):
        names = {}
        for source in filter(imports, code(chapter)):
            exec(source, names)
        module = next(source for source in code(chapter) if source.startswith("#| default_exp ")).split()[2]
        exec(f"from fer_nb.{module} import *", names)
        names |= {name: make(names) for name, make in given.items()}
        cells = [source for source in code(chapter) if "own_folder()" in source]
        assert cells
        for source in cells:
            exec(source, names)

    return read


def one_epoch(names):
    usual = names["TrainingConfig"]
    return lambda **settings: usual(**{**settings, "epochs": 1})


def test_the_readers_network_reaches_the_camera(reader, capsys, tmp_path):
    face = cv2.resize(cv2.imread(str(DEMO_PHOTO), cv2.IMREAD_GRAYSCALE)[65:190, 163:288], (48, 48))
    given = {
        "05_training": {"TrainingConfig": one_epoch},
        "08_model_class": {"face": lambda names: face, "model": lambda names: FacialExpressionModel.load()},
        "10_live_demo": {"frame": lambda names: first_frame(VideoCamera())},
    }
    said = {}
    for chapter in CHAPTERS:
        reader(chapter, **given.get(chapter, {}))
        said[chapter] = capsys.readouterr().out
        assert "There is no" not in said[chapter], chapter
    assert "right on" in said["05a_evaluation"] and "yours says" in said["08_model_class"]
    assert "yours: " in said["10_live_demo"]
    reader("05_training")  # what is there is not trained again
    assert "there already" in capsys.readouterr().out


@pytest.mark.parametrize("chapter", CHAPTERS[1:])
def test_without_it_a_chapter_says_what_to_run(reader, capsys, chapter):
    reader(chapter)
    assert "yours yet; run chapter" in capsys.readouterr().out


@pytest.mark.parametrize("chapter", ["03_generators", "04_cnn", "05_training"])
def test_from_another_folder_without_data_a_chapter_says_the_mend(chapter, monkeypatch, tmp_path):
    "And it is one sentence in the notebook, too: IPython asks the exception how it wants to be shown."
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FER_DATA", str(tmp_path / "nowhere"))
    names = {}
    words = "There is no data at .*nowhere; FER_DATA names it: let it name .* or unset it"
    with pytest.raises(FerError, match=words) as raised:
        for source in code(chapter):
            exec(re.sub(r"(?m)^%.*$", "", source), names)
    [line] = raised.value._render_traceback_()
    assert line == f"FerError: {raised.value}"


def test_without_the_sample_a_chapter_says_how_to_draw_it(monkeypatch, tmp_path):
    monkeypatch.delenv("FER_DATA", raising=False)
    monkeypatch.setitem(find_data.__globals__, "project_folder", lambda: tmp_path)
    with pytest.raises(FerError, match="There is no data at .*sample; `fer_nb data sample` draws the sample again"):
        load_faces()
