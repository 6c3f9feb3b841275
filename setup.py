"""Packaging, read from settings.ini. The models live in models/ and travel inside the wheel."""
from configparser import ConfigParser
from pathlib import Path

from setuptools import setup

config = ConfigParser(delimiters=["="])
config.read("settings.ini", encoding="utf-8")
settings = config["DEFAULT"]

models = sorted(path.parent.as_posix() for path in Path("models").glob("*/model.tflite"))
assets = ["fer_nb.runners", "fer_nb.static", "fer_nb.templates", *(f"fer_nb.{folder.replace('/', '.')}" for folder in models)]

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
    extras_require={
        "dev": settings["dev_requirements"].split(),
        "fetch": settings["fetch_requirements"].split(),
        "ray": settings["ray_requirements"].split(),
    },
    # nbdev's entry point tells the docs of other packages, and this one's own, where each name is documented.
    entry_points={"console_scripts": settings["console_scripts"].split(), "nbdev": ["fer_nb=fer_nb._modidx:d"]},
    zip_safe=False,
)
