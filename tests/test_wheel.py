"""The built wheel, alone in an empty environment, away from the checkout."""
import configparser
import json
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.metadata import PackageNotFoundError, distribution

import pytest
from helpers import DEFAULT_MODEL, LIMIT, PROJECT, ask, copy_project, environment, running_server
from packaging.requirements import Requirement


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    "The wheel, built from a copy of the project."
    folder = tmp_path_factory.mktemp("wheel")
    project = copy_project(folder / "project")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, project]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "absent from the `packages`" not in done.stdout + done.stderr
    [wheel] = folder.glob("fer_nb-*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    "The folder of the programs of an environment that holds the wheel alone; other packages come from this environment."
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder)
    programs = folder / "bin"
    pip = [sys.executable, "-m", "pip", "--python", programs / "python"]
    command = [*pip, "install", "--no-deps", "--no-index", "--quiet", wheel]
    subprocess.run(command, check=True, timeout=120)
    [packages] = (folder / "lib").glob("python*/site-packages")
    # A line that is only a path: the .pth files in that folder, such as fer_nb's editable install, stay without effect.
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"))
    return programs


PLATFORMS = [f"--platform=manylinux_{version}_x86_64" for version in ("2_17", "2_27", "2_28")]


def test_what_serving_needs_has_wheels_for_the_newest_python(tmp_path):
    "As pip for Python 3.14 would choose them; TensorFlow, which has none, is in an extra."
    config = configparser.ConfigParser(delimiters=["="])
    config.read(PROJECT / "settings.ini", encoding="utf-8")
    options = ["--dry-run", "--quiet", "--ignore-installed", "--only-binary=:all:", "--python-version=3.14", *PLATFORMS]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", tmp_path]
    command += config["DEFAULT"]["requirements"].split()
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if "Failed to establish a new connection" in done.stderr or "NameResolutionError" in done.stderr:
        pytest.skip("PyPI can't be reached.")
    assert done.returncode == 0, done.stderr


def run(installed, tmp_path, *command):
    "Run a program of that environment in an empty folder."
    return subprocess.run(
        [installed / command[0], *command[1:]],
        cwd=tmp_path, env=environment(None), capture_output=True, text=True, timeout=LIMIT,
    )


def test_wheel_holds_what_it_must_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assets = ["demo.jpg", "page.js", "style.css", "favicon.svg", "device/worker.js"]
    assets += ["boxes.js", "notebook_camera.js", "notebook_camera.css"]
    assets += [f"litert/{name}" for name in ("index.js", "runtime.js", "runtime.wasm.bin")]
    for name in (*(f"static/{asset}" for asset in assets), "templates/index.html", "runners/human.js", "runners/own.py"):
        assert f"fer_nb/{name}" in names
    for name in ("model.json", "model.tflite", "model.weights.h5"):
        assert f"fer_nb/models/{DEFAULT_MODEL.name}/{name}" in names
    assert all(name.startswith(("fer_nb/", "fer_nb-")) for name in names), names
    assert not [name for name in names if name.endswith((".ipynb", ".png", ".pyc"))]
    assert len(names) == len(set(names))
    detector = ("face_detection_back.tflite", "face_landmark.tflite", "NOTICE")
    assert {f"fer_nb/detector/{name}" for name in detector} <= set(names)
    [points] = [zipfile.ZipFile(wheel).read(name).decode() for name in names if name.endswith("entry_points.txt")]
    assert "[jupyter_serverproxy_servers]\nfer_nb = fer_nb.serve:_behind_jupyter" in points


def test_the_package_is_the_installed_one(installed, tmp_path):
    done = run(installed, tmp_path, "python", "-c", "import fer_nb; print(fer_nb.__file__)")
    assert done.stdout.startswith(str(installed.parent / "lib"))


def test_installed_predict(installed, tmp_path, photo):
    shutil.copy(photo, tmp_path / "face.jpg")
    done = run(installed, tmp_path, "fer_nb", "predict", "face.jpg")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("face.jpg: happy ")


def test_installed_serve(installed, tmp_path, photo):
    with running_server("--source", "demo", command=installed / "fer_nb", cwd=tmp_path) as process:
        assert json.loads(ask(process.port, "GET", "/healthz")[2]) == {"status": "ok", "model": DEFAULT_MODEL.name}
        assert ask(process.port, "GET", "/")[0] == 200
        status, headers, body = ask(process.port, "GET", "/static/style.css")
        assert status == 200 and b".card" in body
        status, _, body = ask(process.port, "POST", "/api/predict", photo.read_bytes())
        assert status == 200
        assert json.loads(body)["faces"][0]["label"] == "happy"


# The base install: what it asks for is enough, and small.


def asked_for(*keys):
    "The requirements of these settings."
    settings = configparser.ConfigParser(delimiters=["="])
    settings.read(PROJECT / "settings.ini", encoding="utf-8")
    return [requirement for key in keys for requirement in settings["DEFAULT"][key].split()]


def with_what_they_need(requirements):
    "Their distributions and those that they ask for, by name, as they are installed here."
    found, waiting = {}, [Requirement(text) for text in requirements]
    while waiting:
        wanted = waiting.pop()
        name = re.sub("[-_.]+", "-", wanted.name).lower()
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:  # OpenCV with windows does as well
            found[name] = distribution(name.removesuffix("-headless"))
        needs = [Requirement(text) for text in found[name].requires or []]
        waiting += [one for one in needs if one.marker is None or one.marker.evaluate({"extra": ""})]
    return found


@pytest.fixture(scope="module")
def base(wheel, tmp_path_factory):
    "The programs of an environment that holds the wheel and what it asks for, as links, and nothing else."
    folder = tmp_path_factory.mktemp("base")
    venv.create(folder)
    pip = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python"]
    command = [*pip, "install", "--no-deps", "--no-index", "--quiet", wheel]
    subprocess.run(command, check=True, timeout=120, env=environment(None))  # no path on which another fer_nb stands
    [packages] = (folder / "lib").glob("python*/site-packages")
    for found in with_what_they_need(asked_for("requirements")).values():
        for top in {file.parts[0] for file in found.files if file.parts[0] not in ("..", "__pycache__")}:
            if not (packages / top).exists():
                (packages / top).symlink_to(found.locate_file(top))
    return folder / "bin"


def test_the_base_install_serves_and_annotates(base, tmp_path, photo):
    "Without TensorFlow, matplotlib and notebooks; what needs them says how they come."
    done = run(base, tmp_path, "python", "-c", "import tensorflow")
    assert "ModuleNotFoundError" in done.stderr
    shutil.copy(photo, tmp_path / "face.jpg")
    for command in (["annotate", "face.jpg", "--out", "faces.csv"], ["report", "faces.csv"], ["predict", "face.jpg"]):
        done = run(base, tmp_path, "fer_nb", *command)
        assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("face.jpg: happy ")
    with running_server("--source", "demo", command=base / "fer_nb", cwd=tmp_path) as process:
        assert ask(process.port, "GET", "/")[0] == 200
        assert json.loads(ask(process.port, "POST", "/api/predict", photo.read_bytes())[2])["faces"][0]["label"] == "happy"
    for command in (["train", "--epochs", "1"], ["predict", "face.jpg", "--explain"]):
        done = run(base, tmp_path, "fer_nb", *command)
        assert done.returncode == 2 and "pip install 'fer_nb[train]'" in done.stderr, (command, done.stderr)
        assert "Traceback" not in done.stderr


def test_the_base_install_is_small():
    "At most 0.35 of what it was when TensorFlow and plots came with it."

    def size(*keys):
        files = {file.locate() for found in with_what_they_need(asked_for(*keys)).values() for file in found.files or []}
        return sum(file.stat().st_size for file in files if file.exists())

    assert size("requirements") < 0.35 * size("requirements", "train_requirements")
