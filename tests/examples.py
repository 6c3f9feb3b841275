"""How much of what the chapters define is used in the cell right below it: `python tests/examples.py` prints it by chapter."""

import ast
import json
import re
from pathlib import Path

NBS = Path(__file__).resolve().parent.parent / "nbs"


def code_cells(path):
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            yield "".join(cell["source"])


def defined(source):
    "The functions and classes that an exported cell defines; a method by its own name."
    if not re.match(r"#\| export(s|i)?\s*$", source.partition("\n")[0]):
        return []
    tree = ast.parse(re.sub(r"(?m)^\s*[%!].*$", "pass", source))
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]


def count(path):
    "The exported cells that define a function or class, and those whose next cell uses it; entries of the API don't count."
    cells = [source for source in code_cells(path) if not re.match(r"(#\|.*\n)*(show_doc\(|from nbdev)", source)]
    total = used = 0
    for source, below in zip(cells, [*cells[1:], ""], strict=True):
        names = defined(source)
        if names:
            total += 1
            used += not defined(below) and any(re.search(rf"\b{name}\b", below) for name in [*names, *commands(source)])
    return total, used


def commands(source):
    "The words after `fer_nb` by which the cell's commands are called, as a test's list of arguments has them."
    inner = re.findall(r'(?s)@(\w+)\.command\("(\w+)"\)', source)
    return [rf'{group}", "{name}' for group, name in inner]


def main():
    counts = {path.stem: count(path) for path in sorted(NBS.glob("[0-9]*.ipynb"))}
    for name, (total, used) in counts.items():
        if total:
            print(f"{name:24} {used:3} of {total:3}  {used / total:4.0%}")
    total, used = (sum(values) for values in zip(*counts.values(), strict=True))
    print(f"{'all':24} {used:3} of {total:3}  {used / total:4.0%}")


if __name__ == "__main__":
    main()
