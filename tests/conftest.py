"""Fixtures: a copy of the project, its command line, a server that plays the demo, and servers of fake cameras."""
import subprocess
import threading

import pytest
from helpers import COMMAND, DEFAULT_MODEL, LIMIT, answers, copy_project, environment, free_port, running_server, wait_until


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
    with running_server("--source", "demo", project=project) as process:
        yield process


@pytest.fixture
def serve_camera(monkeypatch):
    "Serve a fake camera in this process, as `fer_nb serve` does; gives the port. The thread lives on until pytest ends."
    import fer_nb.cli

    def serve(camera):
        port = free_port()
        monkeypatch.setattr(fer_nb.cli, "choose_camera", lambda source: camera)
        options = {"source": None, "host": "127.0.0.1", "port": port, "model": str(DEFAULT_MODEL)}
        threading.Thread(target=fer_nb.cli.serve.callback, kwargs=options, daemon=True).start()
        wait_until(lambda: answers(port), "the server does not answer")
        return port

    return serve
