"""What several test files and the screenshot script share: a copy of the project, its command line, a running server."""
import http.client
import os
import shutil
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from fer_nb.benchmark import serving
from fer_nb.litert import find_model

PROJECT = Path(__file__).resolve().parent.parent
DEFAULT_MODEL = find_model()
COMMAND = Path(sys.executable).with_name("fer_nb")
LIMIT = 120  # seconds; nothing here should take so long, so what does has hung
CHROMIUM_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
]


def filmed_by(
    clip,  # .mjpeg
):
    "Arguments that give Chromium this film as its camera, which a page may use without asking."
    camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    return [*CHROMIUM_ARGUMENTS, *camera, f"--use-file-for-fake-video-capture={clip}"]


def copy_project(
    folder,  # where the copy is made
):
    "The project's files with the default model alone, so that tests that write leave the tree clean."
    ignored = shutil.ignore_patterns(
        ".*", "__pycache__", "*.egg-info", "build", "dist", "_docs", "_proc", "runs", "fer2013", "models"
    )
    shutil.copytree(PROJECT, folder, ignore=ignored)
    shutil.copytree(DEFAULT_MODEL, folder / "models" / DEFAULT_MODEL.name, ignore=shutil.ignore_patterns("run"))
    return folder


def environment(
    project,  # the copy of the project to run, or None for the installed package
):
    "Environment variables that run that copy, and leave the person's own data and TensorFlow's chatter out."
    inherited = {name: value for name, value in os.environ.items() if name not in ("FER_DATA", "PYTHONPATH")}
    return {**inherited, "TF_CPP_MIN_LOG_LEVEL": "3", **({"PYTHONPATH": str(project)} if project else {})}


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


@contextmanager
def running_server(
    *options,  # of fer_nb serve
    project=None,  # a copy of the project, or None for the installed package
    command=COMMAND,
    **more,  # of serving: port, cwd
):
    "A `fer_nb serve` process that answers; gives the process, with its `port` and its `log`, and ends it."
    with serving(*options, command=(command,), env=environment(project), **more) as process:
        yield process


@contextmanager
def served(
    service,  # Service
):
    "Serve in this process, as `fer_nb serve` does; gives the port."
    server = service.listen("127.0.0.1", 0)
    thread = threading.Thread(target=service.run, args=(server,), daemon=True)
    service.warm()
    thread.start()
    try:
        yield int(server.effective_port)
    finally:
        server.task_dispatcher.shutdown()
        # In the thread that runs it, which ends when nothing is open any more; a browser keeps connections for long.
        with suppress(OSError):  # it may be awake already, and end before it can be woken
            server.trigger.pull_trigger(lambda: server.asyncore.close_all(server._map))
        thread.join(LIMIT)


def find_chromium():
    "The path of Chromium or Chrome, or None."
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
