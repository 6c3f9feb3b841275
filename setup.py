"""Packaging, read from settings.ini. The default model lives in models/ and travels inside the wheel."""
from configparser import ConfigParser
from pathlib import Path

from setuptools import setup

config = ConfigParser(delimiters=["="])
config.read("settings.ini", encoding="utf-8")
settings = config["DEFAULT"]

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
    packages=["fer_nb", "fer_nb.static", "fer_nb.templates", "fer_nb.models.default"],
    package_dir={"fer_nb": "fer_nb", "fer_nb.models.default": "models/default"},
    package_data={name: ["*"] for name in ("fer_nb.static", "fer_nb.templates", "fer_nb.models.default")},
    install_requires=settings["requirements"].split(),
    extras_require={
        "dev": settings["dev_requirements"].split(),
        "fetch": settings["fetch_requirements"].split(),
        "ray": settings["ray_requirements"].split(),
    },
    entry_points={"console_scripts": settings["console_scripts"].split()},
    zip_safe=False,
)
