"""Fetch LiteRT.js, which runs the networks in a browser, from npm: `python -m fer_nb.runners.litert_js [FOLDER]`.

Standard library alone: `make env` and the build of the wheel run it, where nothing else is installed. Three lines are changed, and
the files say so; the WebAssembly is compressed, so that any host sends a third of its bytes."""
import base64
import gzip
import hashlib
import io
import os
import shutil
import sys
import tarfile
import urllib.request
from pathlib import Path

VERSION = "2.5.3"
INTEGRITY = "sha512-PlGmbMOq9WitX7FO0jhbdJw9GthatsyuCQXjTt/wJZo0FLaw48q4tz8IwqgqCIkviYGr9OFDL1kCnN4nzWoyJQ=="  # npm's own
STAMP = f"{VERSION} {INTEGRITY} 2\n"  # the number rises when this script makes other files of the same package
PACKAGE = f"@litertjs/core/-/core-{VERSION}.tgz"
FOLDER = Path(__file__).resolve().parent.parent / "static" / "litert"
LOADER = "litert_wasm_compat_internal"  # for every browser with SIMD; the one with relaxed SIMD is hardly quicker, and rounds otherwise
CHANGES = {  # pages without a bundler have no names of packages; a graphics device takes long to come, and nothing here uses it
    'from "@litertjs/wasm-utils"': 'from "../device/wasm_loader.js"',
    "await Environment.create()": "await Environment.create({ webGpuDevice: null })",
}
PATIENCE = 60  # seconds
NOTICE = "// Changed by fer_nb: {}. LiteRT.js is Google's, under the Apache License 2.0.\n"


def files_of(
    package=PACKAGE,  # its place in npm's registry
    integrity=INTEGRITY,  # npm's own hash of it
):
    "The files of a package by name; ValueError where they are others than those that were pinned, OSError where npm is silent."
    registry = os.environ.get("NPM_CONFIG_REGISTRY") or os.environ.get("npm_config_registry") or "https://registry.npmjs.org"
    with urllib.request.urlopen(f"{registry.rstrip('/')}/{package}", timeout=PATIENCE) as answer:
        data = answer.read()
    kind, _, digest = integrity.partition("-")
    if base64.b64encode(hashlib.new(kind, data).digest()).decode() != digest:
        raise ValueError(f"{registry} gave another {package} than the one that was tested")
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {each.name.partition("/")[2]: archive.extractfile(each).read() for each in archive if each.isfile()}


def edited(
    files,  # name in the package: bytes
):
    "Pairs of a file's name and its bytes, as the page loads them."
    code = files["dist/index.js"].decode().replace("//# sourceMappingURL=index.js.map", "")
    for theirs, ours in CHANGES.items():
        if code.count(theirs) != 1:
            raise ValueError("LiteRT.js is put together in another way than the version that was tested")
        code = code.replace(theirs, ours)
    yield "index.js", (NOTICE.format("the import is a relative address, and no graphics device is asked for") + code).encode()
    script = files[f"wasm/{LOADER}.js"].decode()
    yield "runtime.js", (NOTICE.format("its last line makes it a module") + script + "\nexport default ModuleFactory;\n").encode()
    # Not .gz: some hosts would say that it is text in transit, and browsers unpack that themselves.
    yield "runtime.wasm.bin", gzip.compress(files[f"wasm/{LOADER}.wasm"], 9, mtime=0)


def is_there(folder=FOLDER):
    "Whether the folder holds this version, whole: the name of the version is written last."
    stamp = folder / "VERSION"
    return stamp.is_file() and stamp.read_text() == STAMP


def fetch(folder=FOLDER):
    "Put LiteRT.js into the folder; nothing is done where it is there. OSError or ValueError where it can't be had."
    if is_there(folder):
        return
    files = files_of()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, data in edited(files):
        (folder / name).write_bytes(data)
    (folder / "VERSION").write_text(STAMP)


if __name__ == "__main__":
    try:
        fetch(*map(Path, sys.argv[1:2]))
    except (OSError, ValueError) as error:
        sys.exit(f"LiteRT.js could not be fetched ({error}); recognition in the browser needs it. Run this again when npm can be reached.")
