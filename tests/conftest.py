"""Fixtures: a copy of the project, its command line, a server that plays the demo, and servers of fake cameras."""
import signal
import subprocess
from contextlib import ExitStack

import pytest
from helpers import COMMAND, DEFAULT_MODEL, LIMIT, copy_project, environment, running_server, served

from fer_nb.camera import VideoCamera
from fer_nb.recognizer import Recognizer
from fer_nb.serve import Service

# A shell that starts these tests in the background lets their processes ignore Ctrl+C, which some tests send.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    "A copy of the project; what runs from it finds its models and data there."
    return copy_project(tmp_path_factory.mktemp("copy") / "project")


@pytest.fixture(scope="session")
def photo(project):
    "A JPEG with one smiling face."
    return project / "fer_nb" / "static" / "demo.jpg"


@pytest.fixture
def fer_nb(project, tmp_path):
    "Run `fer_nb` with the given arguments in an empty folder."

    def run(*arguments, **variables):
        command = [COMMAND, *map(str, arguments)]
        env = {**environment(project), **variables}
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=LIMIT)

    return run


@pytest.fixture(scope="session")
def server(project):
    "A `fer_nb serve --source demo` process."
    with running_server("--source", "demo", "--allow-host", "class.example", project=project) as process:
        yield process


@pytest.fixture
def serve_camera():
    "Serve a camera in this process, as `fer_nb serve` does; gives the port. The servers end with the test."
    with ExitStack() as stack:

        def serve(
            camera,
            recognizer=None,  # the default model and its detector when None
            **options,  # of Service
        ):
            return stack.enter_context(served(Service(camera, recognizer or Recognizer.load(DEFAULT_MODEL), **options)))

        yield serve


@pytest.fixture
def still_camera():
    "A camera that nobody needs to watch."
    return VideoCamera()
