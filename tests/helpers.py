"""What several test files and the screenshot script share: a copy of the project, its command line, a running server."""
import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from fer_nb.model import find_model

PROJECT = Path(__file__).resolve().parent.parent
DEFAULT_MODEL = find_model()
COMMAND = Path(sys.executable).with_name("fer_nb")
LIMIT = 60  # seconds; nothing here should take so long, so what does has hung
CHROMIUM_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
]


def copy_project(
    folder,  # where the copy is made
):
    "The project's files with the default model alone, so that tests that write leave the tree clean."
    ignored = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "_docs", "_proc", "runs", "fer2013", "models")
    shutil.copytree(PROJECT, folder, ignore=ignored)
    shutil.copytree(DEFAULT_MODEL, folder / "models" / DEFAULT_MODEL.name, ignore=shutil.ignore_patterns("run"))
    return folder


def environment(
    project,  # the copy of the project to run, or None for the installed package
):
    "Environment variables that run that copy, and leave the person's own data and TensorFlow's chatter out."
    inherited = {name: value for name, value in os.environ.items() if name not in ("FER_DATA", "PYTHONPATH")}
    return {**inherited, "TF_CPP_MIN_LOG_LEVEL": "3", **({"PYTHONPATH": str(project)} if project else {})}


def free_port() -> int:
    "A port of 127.0.0.1 that nothing listens on."
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def ask(
    port,  # of a server on 127.0.0.1
    method,  # GET, POST
    path,
    body=None,  # bytes
    headers=None,
):
    "Status, headers and body of one request."
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def wait_until(
    condition,  # a function that gives true in the end
    what,  # the sentence for when it doesn't
    seconds=20,
):
    "Wait, but not for ever."
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def answers(port) -> bool:
    "Whether a server answers on the port."
    try:
        return ask(port, "GET", "/healthz")[0] == 200
    except OSError:
        return False


@contextmanager
def running_server(
    *options,  # of fer_nb serve
    project=None,  # a copy of the project, or None for the installed package
    port=None,  # None takes a free one
    command=COMMAND,
    cwd=None,
):
    "A `fer_nb serve` process that answers; gives the process, with its `port`, and ends it."
    port = port or free_port()
    process = subprocess.Popen(
        [command, "serve", "--port", str(port), *options], env=environment(project), cwd=cwd,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    process.port = port
    try:
        wait_until(lambda: answers(port) or process.poll() is not None, "fer_nb serve does not answer")
        assert process.poll() is None, f"fer_nb serve ended with {process.returncode}"
        yield process
    finally:
        process.kill()
        process.wait()


def find_chromium():
    "The path of Chromium or Chrome, or None."
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
