"""What a reader of the docs site meets, as far as it can be held without Quarto: the pages as nbdev hands them over."""

import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((PROJECT / "nbs").glob("*.ipynb"))
COPIED = ["settings.ini", "setup.py", "_quarto.yml", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "nbs", "fer_nb"]
IMAGE = re.compile(r"!\[([^]]*)\]\(([^)\s]+)\)")
LINK = re.compile(r"(?<!!)\[[^]]*\]\(([^)\s]+)\)")


def text(cell):
    return "".join(cell["source"])


def cells(path, kind):
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in found if cell["cell_type"] == kind]


def directives(cell):
    "The words of the `#|` lines that a cell begins with."
    lines = text(cell).splitlines()
    count = next((number for number, line in enumerate(lines) if not line.startswith("#|")), len(lines))
    return [line[2:].strip() for line in lines[:count]]


def is_hidden(cell):
    "Whether the site leaves the cell's code out."
    return any(directive.split()[0] in ("hide", "export", "exporti", "default_exp") for directive in directives(cell))


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The pages as Quarto gets them. Where there is no Quarto, `nbdev_proc_nbs` would install it, and with it this package from
    the copy, which points the environment there; so we call what it calls."""
    folder = tmp_path_factory.mktemp("site")
    for name in COPIED:
        (shutil.copytree if (PROJECT / name).is_dir() else shutil.copy)(PROJECT / name, folder / name)
    for name in ("models", "data"):
        (folder / name).symlink_to(PROJECT / name)
    code = "from nbdev.serve import proc_nbs\nif __name__ == '__main__': proc_nbs(n_workers=2)"
    (folder / "process.py").write_text(code)
    environment = {**os.environ, "PYTHONPATH": str(folder), "TF_CPP_MIN_LOG_LEVEL": "3"}
    described = [sys.executable, "setup.py", "-q", "egg_info"]  # entry points, without which no name has a link
    subprocess.run(described, cwd=folder, env=environment, check=True, capture_output=True, timeout=120)
    process = [sys.executable, "process.py"]
    made = subprocess.run(process, cwd=folder, env=environment, capture_output=True, text=True, timeout=900)
    assert made.returncode == 0, made.stderr[-3000:]
    assert (folder / "README.md").read_bytes() == (PROJECT / "README.md").read_bytes()
    return folder / "_proc"


def ids(paths):
    return [path.stem for path in paths]


@cache
def shown(path):
    "The Markdown of a processed page, and what its cells print as Markdown."
    notebook = json.loads(path.read_text(encoding="utf-8"))
    parts = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            parts.append(text(cell))
        for output in cell.get("outputs", []):
            parts.append("".join(output.get("data", {}).get("text/markdown", [])))
    return "\n\n".join(parts)


# the pages as they are processed


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids(NOTEBOOKS))
def test_no_word_of_a_notebook_is_lost(site, path):
    "nbdev makes front matter of the first cell, and drops what stands there below the title and the `>` line."
    before = "\n\n".join(text(cell) for cell in cells(path, "markdown")[1:])
    after = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", shown(site / path.name))  # nbdev links names
    words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", before)
    missing = [line for line in words.splitlines() if re.sub(r"[`\s]", "", line) not in re.sub(r"[`\s]", "", after)]
    assert not missing
    front = next(text(cell) for cell in cells(site / path.name, "raw"))
    title, *_, description = text(cells(path, "markdown")[0]).splitlines()
    values = yaml.safe_load(front.strip().strip("-"))
    assert (values["title"], values["description"]) == (title.removeprefix("# "), description.removeprefix("> "))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids(NOTEBOOKS))
def test_the_first_cell_holds_title_and_one_line_alone(path):
    title, empty, description = text(cells(path, "markdown")[0]).splitlines()
    assert title.startswith("# ") and not empty and description.startswith("> ")
    assert json.loads(path.read_text(encoding="utf-8"))["cells"][1]["cell_type"] == "markdown"  # an introduction


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids(NOTEBOOKS))
def test_every_picture_that_a_page_names_is_there(site, path):
    for words, image in IMAGE.findall(shown(site / path.name)):
        assert words, f"{image} has no alternative text"
        assert (site / image).is_file(), image


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids(NOTEBOOKS))
def test_fences_balance(site, path):
    for cell in cells(path, "markdown"):
        assert len(re.findall(r"(?m)^ *```", text(cell))) % 2 == 0, text(cell)[:100]
    assert len(re.findall(r"(?m)^:::+", shown(site / path.name))) % 2 == 0


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids(NOTEBOOKS))
def test_exported_names_and_their_source_are_on_the_page(site, path):
    page = "\n".join(text(cell) for cell in cells(site / path.name, "code"))
    for cell in cells(path, "code"):
        assert "export" not in directives(cell), "`#| exports` shows the code on the site, `#| exporti` hides it on purpose"
        if "exports" in directives(cell):
            line = next(line for line in text(cell).splitlines() if line and not line.startswith("#|"))
            assert line in page
    if any("exports" in directives(cell) and re.search(r"(?m)^(def|class) [^_]", text(cell)) for cell in cells(path, "code")):
        assert "Exported source" in page and "[source](" in shown(site / path.name)


def test_a_page_has_an_entry_for_every_member(site):
    for path in NOTEBOOKS:
        page = shown(site / path.name)
        for cell in cells(path, "code"):
            for kind, body in re.findall(r"(?ms)^class ([A-Z]\w*).*?:\n((?:    .*\n|\n)*)", text(cell) + "\n"):
                if "exports" in directives(cell):
                    for member in re.findall(r'(?m)^    def ([a-z]\w*)\((?:.*?\n)??.*?', body):
                        documented = re.search(rf"(?ms)def {member}\(.*?:\n        \"", body)
                        assert not documented or f"{kind}.{member}" in page, f"{path.name}: {kind}.{member}"


# the notebooks themselves


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids(NOTEBOOKS))
def test_a_page_runs_from_the_top_as_a_reader_would_copy_it(path, tmp_path):
    "No name is used that was not defined in code which the site shows; ruff knows the names."
    code = [re.sub(r"(?m)^\s*[%!].*$", "pass", text(cell)) for cell in cells(path, "code") if not is_hidden(cell)]
    code = [source for source in code if not re.match(r"(#\|.*\n)*show_doc\(", source)]
    visible = tmp_path / "visible.py"
    visible.write_text("\n\n".join(code), encoding="utf-8")
    options = ["--isolated", "--select", "F821", "--output-format", "concise"]
    command = [sys.executable, "-m", "ruff", "check", *options, str(visible)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 1), done.stderr
    unknown = re.findall(r"Undefined name `(\w+)`", done.stdout)
    assert not unknown


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids(NOTEBOOKS))
def test_every_figure_has_alternative_text_and_no_widget_is_kept(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert "widgets" not in notebook["metadata"]
    for cell in cells(path, "code"):
        kinds = {kind for output in cell["outputs"] for kind in output.get("data", {})}
        assert not kinds & {"application/vnd.jupyter.widget-view+json", "application/javascript"}
        if any(kind.startswith("image/") for kind in kinds):
            assert any(re.match(r"fig-alt: *\S{2}", directive) for directive in directives(cell)), text(cell)[:80]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids(NOTEBOOKS))
def test_no_output_is_a_wall_of_text(path):
    for cell in cells(path, "code"):
        printed = "".join("".join(output["text"]) for output in cell["outputs"] if output["output_type"] == "stream")
        assert printed.count("\n") <= 60, f"{cell['id']} prints {printed.count(chr(10))} lines"


# what surrounds the pages


def test_the_site_has_what_it_names(site):
    settings = yaml.safe_load((site / "_quarto.yml").read_text(encoding="utf-8"))
    website = settings["website"]
    for name in (website["favicon"], website["open-graph"]["image"], *settings["project"]["resources"]):
        assert (site / name).is_file(), name
    for side in website["page-footer"].values():
        for link in LINK.findall(side):
            assert (site / link).exists(), link
    assert settings["format"]["html"]["html-math-method"] == "mathml"  # MathJax would come from elsewhere
    assert {"source", "issue"} <= set(website["repo-actions"]) and website["repo-subdir"] == "nbs"


def test_lines_of_code_fit_into_the_page():
    "As long as ruff lets them be, in the size that the style gives them; a character is 0.602 of it wide in usual fonts."
    longest = int(re.search(r"(?m)^line-length = (\d+)", (PROJECT / "ruff.toml").read_text(encoding="utf-8"))[1])
    size = float(re.search(r"pre \{ font-size: ([\d.]+)px", (PROJECT / "nbs" / "styles.css").read_text(encoding="utf-8"))[1])
    grid = yaml.safe_load((PROJECT / "_quarto.yml").read_text(encoding="utf-8"))["format"]["html"]["grid"]
    assert longest * 0.602 * size + 2 * 10 <= int(grid["body-width"].removesuffix("px"))  # with the padding of a block


def test_links_inside_the_project_are_relative():
    "A reader may have a fork."
    for path in NOTEBOOKS:
        found = [link for cell in cells(path, "markdown") for link in LINK.findall(text(cell)) if "fer-nb/fer_nb" in link]
        assert not found, path.name


def test_programs_find_every_page():
    "llms.txt names all pages, with the title and the line of each."
    listed = (PROJECT / "nbs" / "llms.txt").read_text(encoding="utf-8")
    for path in NOTEBOOKS:
        title, _, line = text(cells(path, "markdown")[0]).splitlines()
        assert title.removeprefix("# ") in listed and line.removeprefix("> ") in listed, path.name
