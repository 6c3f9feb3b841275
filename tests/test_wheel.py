"""The built wheel, alone in an empty environment, away from the checkout."""
import json
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile

import pytest
from helpers import DEFAULT_MODEL, LIMIT, ask, copy_project, environment, running_server


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


def run(installed, tmp_path, *command):
    "Run a program of that environment in an empty folder."
    return subprocess.run(
        [installed / command[0], *command[1:]],
        cwd=tmp_path, env=environment(None), capture_output=True, text=True, timeout=LIMIT,
    )


def test_wheel_holds_what_it_must_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assets = ["demo.jpg", "page.js", "style.css", "favicon.svg", "device/worker.js"]
    assets += [f"litert/{name}" for name in ("index.js", "runtime.js", "runtime.wasm.bin")]
    for name in (*(f"static/{asset}" for asset in assets), "templates/index.html", "runners/human.js", "runners/own.py"):
        assert f"fer_nb/{name}" in names
    for name in ("model.json", "model.tflite", "model.weights.h5"):
        assert f"fer_nb/models/{DEFAULT_MODEL.name}/{name}" in names
    assert all(name.startswith(("fer_nb/", "fer_nb-")) for name in names), names
    assert not [name for name in names if name.endswith((".ipynb", ".png", ".pyc"))]
    assert len(names) == len(set(names))


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
