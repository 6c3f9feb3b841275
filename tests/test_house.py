"""What holds the house together: one order of chapters, imports that follow it, few public names, links that lead somewhere."""

import ast
import configparser
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from statistics import mean, stdev

import examples
import pytest
import yaml

from fer_nb.model_files import DEFAULT_MODEL

PROJECT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted(path.name for path in (PROJECT / "nbs").glob("[0-9]*.ipynb"))  # the chapters, and what goes deeper
DOORS = ["index.ipynb", "try_it.ipynb", "api.ipynb", "trust.ipynb"]  # pages that are no chapters
MODULES = sorted(path for path in (PROJECT / "fer_nb").glob("*.py") if not path.name.startswith("_"))
PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", *(f"nbs/{name}" for name in (*DOORS, *NOTEBOOKS))]
PUBLIC_NAMES = 200  # at most, in all modules together: what a reader can still survey
LINK = re.compile(r"\]\(([^)\s]+)\)")
OWN_FILE = re.compile(r"`((?:tests|findings|nbs|models)/[\w./-]+\.\w+)`")  # a file of the project, named in a text


@cache
def cells(
    path,  # of a notebook, below the project
    kind="markdown",  # or code
):
    "The texts of a notebook's cells."
    found = json.loads((PROJECT / path).read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in found if cell["cell_type"] == kind]


@cache
def page(path) -> str:
    "A Markdown file, or a notebook's Markdown, without its blocks of code."
    text = "\n\n".join(cells(path)) if path.endswith(".ipynb") else (PROJECT / path).read_text(encoding="utf-8")
    return re.sub(r"(?ms)^ *```.*?^ *```", "", text)


@cache
def tree(module):
    return ast.parse(module.read_text(encoding="utf-8"))


def flattened(contents):
    "The sidebar's entries as (file, text), a chapter before what lies folded below it."
    for entry in contents:
        yield entry["href"], entry.get("text") or entry["section"]
        yield from flattened(entry.get("contents", []))


def title(name) -> str:
    "The title of a notebook, and before it the number of the chapter."
    number = re.match(r"0*(\d+\w?)_", name)
    return (f"{number[1]} · " if number else "") + cells(f"nbs/{name}")[0].splitlines()[0].removeprefix("# ")


# one order of chapters


def test_the_sidebar_shows_the_notebooks_in_the_order_of_their_names():
    site = yaml.safe_load((PROJECT / "_quarto.yml").read_text(encoding="utf-8"))
    shown = list(flattened(site["website"]["sidebar"]["contents"]))
    assert [name for name, _ in shown] == [*DOORS, *NOTEBOOKS]
    assert [text for _, text in shown[len(DOORS) :]] == [title(name) for name in NOTEBOOKS]


def test_the_first_chapter_names_all_and_which_ten_to_read():
    rows = [line for line in page("nbs/01_intro.ipynb").splitlines() if re.match(r"\| *\*\*\d+\*\* *\|", line)]
    assert [int(row.split("|")[1].strip(" *")) for row in rows] == sorted({int(name[:2]) for name in NOTEBOOKS})
    assert [link for row in rows for link in LINK.findall(row)] == [name for name in NOTEBOOKS if name != "01_intro.ipynb"]


def test_the_table_of_chapters_names_them_in_that_order():
    rows = [line for line in page("nbs/index.ipynb").splitlines() if re.match(r"\| *\d+ *\|", line)]
    assert [link for row in rows for link in LINK.findall(row)] == NOTEBOOKS
    for row in rows:
        number = int(row.split("|")[1])
        assert all(int(link[:2]) == number for link in LINK.findall(row)), row


@pytest.mark.parametrize(("name", "following"), list(zip(NOTEBOOKS, [*NOTEBOOKS[1:], None], strict=True)))
def test_every_chapter_ends_with_the_next_one(name, following):
    "The first link after 'Next:' in a notebook's last text."
    [*_, ending] = cells(f"nbs/{name}")
    after = re.search(r"(?m)^Next: (.*)", ending, re.DOTALL)
    found = LINK.findall(after[1]) if after else [None]
    assert found[0] == following, ending[-300:]


def test_what_a_chapter_defines_is_used_in_the_cell_below():
    "An example or a test right below: of 65% of the function cells of all chapters, and of 40% of each chapter's."
    counts = {name: examples.count(PROJECT / "nbs" / name) for name in NOTEBOOKS}
    short = {name: f"{used} of {total}" for name, (total, used) in counts.items() if used < 0.4 * total}
    assert not short
    total, used = (sum(values) for values in zip(*counts.values(), strict=True))
    assert used >= 0.65 * total, f"{used} of {total}; python tests/examples.py says where"


# modules


@cache
def notebook_of(module) -> str:
    "The notebook that a module was exported from, by its first lines."
    found = re.search(r"File to edit: \.\./nbs/(\S+\.ipynb)\.", module.read_text(encoding="utf-8"))
    assert found, f"{module.name} was not exported from a notebook"
    return found[1]


def imports(module):
    "Pairs of a module of this package that is imported, anywhere in the file, and the name that is taken from it, or None."
    modules = {path.stem for path in MODULES}
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from ((alias.name.split(".")[1], None) for alias in node.names if alias.name.startswith("fer_nb."))
        elif isinstance(node, ast.ImportFrom):
            package = "." * node.level + (node.module or "")
            if package in (".", "fer_nb"):
                yield from ((alias.name, None) for alias in node.names if alias.name in modules)
            elif package.startswith((".", "fer_nb.")):
                yield from ((package.split(".")[1], alias.name) for alias in node.names)


def ids(modules):
    return [module.stem for module in modules]


@pytest.mark.parametrize("module", MODULES, ids=ids(MODULES))
def test_a_module_imports_only_from_chapters_before_its_own(module):
    here = notebook_of(module)
    assert here in NOTEBOOKS
    later = {name for name, _ in imports(module) if notebook_of(module.with_name(f"{name}.py")) >= here}
    assert not later, f"{module.stem} of {here} imports {', '.join(sorted(later))}"


@pytest.mark.parametrize("module", MODULES, ids=ids(MODULES))
def test_no_module_takes_the_private_names_of_another(module):
    assert not {f"{where}.{name}" for where, name in imports(module) if name and name.startswith("_")}


def test_every_module_has_one_notebook_and_every_notebook_at_most_one_module():
    notebooks = [notebook_of(module) for module in MODULES]
    assert len(notebooks) == len(set(notebooks))
    exporting = [name for name in NOTEBOOKS if any(cell.startswith("#| default_exp ") for cell in cells(f"nbs/{name}", "code"))]
    assert sorted(notebooks) == exporting


def public_names(module):
    "What `from module import *` gives."
    for node in tree(module).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return ast.literal_eval(node.value)
    return []


def test_the_public_surface_is_small():
    names = {module.stem: public_names(module) for module in MODULES}
    counts = sorted(((len(found), name) for name, found in names.items()), reverse=True)
    assert sum(map(len, names.values())) <= PUBLIC_NAMES, counts
    assert not [name for found in names.values() for name in found if name.startswith("_")]


def test_the_process_that_serves_loads_neither_keras_nor_what_trains():
    code = "import sys, fer_nb.cli, fer_nb.serve; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    loaded = set(done.stdout.split())
    training = {f"fer_nb.{name}" for name in ("data", "generators", "cnn", "training", "evaluation", "make_model", "benchmark")}
    assert not loaded & {"tensorflow", "keras", "matplotlib", "IPython", *training}


def functions(module):
    return [node for node in ast.walk(tree(module)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


@pytest.mark.parametrize("module", MODULES, ids=ids(MODULES))
def test_a_parameter_that_may_be_none_says_what_else_it_may_be(module):
    "Ruff asks for the types of what functions return; it can't ask for those of some parameters alone."
    bare = []
    for function in functions(module):
        named = function.args
        positional = [*named.posonlyargs, *named.args]
        defaults = [
            *zip(positional[::-1], named.defaults[::-1], strict=False),
            *zip(named.kwonlyargs, named.kw_defaults, strict=True),
        ]
        bare += [f"{function.name}({argument.arg}=None)" for argument, default in defaults
                 if isinstance(default, ast.Constant) and default.value is None and argument.annotation is None]  # fmt: skip
    assert not bare


def test_no_function_stands_in_two_modules():
    "Whole functions with the same statements, whatever they are called; one of two lines may be there twice."
    where = {}
    for module in MODULES:
        for function in functions(module):
            body = function.body[1:] if ast.get_docstring(function) else function.body
            lines = ast.unparse(ast.Module(body, [])).splitlines()
            if len(lines) > 2:
                where.setdefault("\n".join(lines), []).append(f"{module.stem}.{function.name}")
    assert not [found for found in where.values() if len(found) > 1]


# texts


def anchors(path) -> set:
    "The anchors of a page's headings, as GitHub and Quarto make them."
    titles = re.findall(r"(?m)^#+ +(.+?)(?: *\{.*\})? *$", page(path))
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title).lower() for title in titles]
    return {re.sub(r"[^\w\- ]", "", title).strip().replace(" ", "-") for title in plain}


@pytest.mark.parametrize("path", PAGES)
def test_links_lead_to_files_and_headings_that_are_there(path):
    broken = []
    for link in LINK.findall(page(path)):
        file, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue  # an address elsewhere
        target = (PROJECT / path).parent / file if file else PROJECT / path
        if not target.exists():
            broken.append(link)
        elif anchor and anchor not in anchors(target.resolve().relative_to(PROJECT).as_posix()):
            broken.append(link)
    broken += [name for name in OWN_FILE.findall(page(path)) if not (PROJECT / name).exists()]
    assert not broken


def test_the_figures_of_the_first_page_are_those_of_the_default_model():
    record = json.loads((PROJECT / "models" / DEFAULT_MODEL / "metrics.json").read_text(encoding="utf-8"))
    figures, seeds = record["validation"], [row["accuracy"] for row in record["seeds"]]
    everything, fresh = figures["all"], figures["without_duplicates"]
    low, high = everything["interval_95"]
    told = [
        f"({everything['faces']:,} images", f"`{DEFAULT_MODEL}`", f"**{everything['accuracy']:.1%}**",
        f"{low:.1%} to {high:.1%}",
        f"{fresh['accuracy']:.1%} of the {fresh['faces']:,} images", f"macro-F1 {figures['macro_f1']:.3f}",
        f"calibration error {figures['calibration']['served']['ece']:.3f}",
        f"mean is {mean(seeds):.1%}, their standard deviation {stdev(seeds):.1%}",
    ]  # fmt: skip
    text = " ".join(page("nbs/index.ipynb").split())
    assert not [words for words in told if words not in text]


def test_the_docs_leave_the_readme_as_it_is():
    "nbdev_docs writes a README anew that is older than the first page."
    rule = (PROJECT / "Makefile").read_text(encoding="utf-8").split("\ndocs:")[1].split("\n\n")[0]
    assert rule.index("touch README.md") < rule.index("nbdev_docs")


def test_the_changelog_begins_with_the_version_of_the_package():
    settings = configparser.ConfigParser(delimiters=["="])
    settings.read(PROJECT / "settings.ini", encoding="utf-8")
    version = settings["DEFAULT"]["version"]
    assert re.search(r"(?m)^## (\S+)", page("CHANGELOG.md"))[1] == version
    assert f'__version__ = "{version}"' in (PROJECT / "fer_nb" / "__init__.py").read_text(encoding="utf-8")
