"""Fixtures: a copy of the project, its command line, a server that plays the demo, and servers of fake cameras."""
import subprocess
import threading

import pytest
from helpers import COMMAND, DEFAULT_MODEL, LIMIT, answers, copy_project, environment, running_server, wait_until


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
    "Serve a fake camera in this process, as `fer_nb serve` does; gives the port. The servers end with the test."
    from fer_nb.app import create_app, make_server, run_server
    from fer_nb.model import FacialExpressionModel

    servers = []

    def serve(
        camera,
        model=None,  # the default model when None
        **options,  # of create_app
    ):
        app = create_app(camera, model or FacialExpressionModel.load(str(DEFAULT_MODEL)), **options)
        parts, server = app.extensions["fer_nb"], make_server(app, "127.0.0.1", 0)
        servers.append(server)
        parts.warm()
        threading.Thread(target=run_server, args=(server, parts), daemon=True).start()
        wait_until(lambda: answers(server.effective_port), "the server does not answer")
        return int(server.effective_port)

    yield serve
    for server in servers:
        server.task_dispatcher.shutdown()
        server.trigger.pull_trigger(server.close)  # in the thread that runs it, which then ends
