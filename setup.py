"""Packaging, read from settings.ini. The models live in models/ and travel inside the wheel."""
from configparser import ConfigParser
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


class FetchAndBuild(build_py):
    "LiteRT.js comes from npm when a wheel is built; one that is built without a network says how to get it."

    def run(self):
        try:
            run_path("fer_nb/runners/litert_js.py")["fetch"]()
        except (OSError, ValueError) as error:
            print(f"warning: LiteRT.js could not be fetched ({error}); the wheel has no recognition in the browser")
        super().run()


Path("fer_nb/static/litert").mkdir(exist_ok=True)
setup(
    cmdclass={"build_py": FetchAndBuild},
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
    extras_require={
        "dev": settings["dev_requirements"].split(),
        "fetch": settings["fetch_requirements"].split(),
        "ray": settings["ray_requirements"].split(),
    },
    # nbdev's entry point tells the docs of other packages, and this one's own, where each name is documented.
    entry_points={"console_scripts": settings["console_scripts"].split(), "nbdev": ["fer_nb=fer_nb._modidx:d"]},
    zip_safe=False,
)
