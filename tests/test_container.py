"""The container's file and the systemd unit: their steps are run here, in folders, since a builder is seldom at hand."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import yaml
from helpers import LIMIT, PROJECT, ask, environment, wait_until
from test_around import answers, free_ports
from test_wheel import base, wheel  # noqa: F401

from fer_nb.sources import DEMO_PHOTO


def instructions():
    "Pairs of an instruction of the Dockerfile and what it says."
    lines = (PROJECT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    return [tuple(line.split(" ", 1)) for line in lines if line and not line.startswith("#")]


def said(name):
    "What the last instruction of that name says."
    return [words for instruction, words in instructions() if instruction == name][-1]


def can_mount():
    return os.geteuid() == 0 and shutil.which("setpriv") and subprocess.run(["unshare", "-m", "true"]).returncode == 0


def test_what_the_image_copies_is_enough_for_its_wheel(tmp_path):
    "What .dockerignore leaves out is not what setup.py needs."
    patterns = (PROJECT / ".dockerignore").read_text(encoding="utf-8").split()
    names = [pattern.removeprefix("**/") for pattern in patterns if "/" not in pattern.removeprefix("**/")]
    # of models/ and data/ all that git has
    shutil.copytree(PROJECT, tmp_path / "src", ignore=shutil.ignore_patterns(*names, "run", "fer2013"))
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, tmp_path / "src"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=2 * LIMIT)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.glob("fer_nb-*.whl")) and not (tmp_path / "src" / "nbs").exists()


def test_the_image_is_that_of_nobody_and_its_command_is_ours():
    assert said("USER").split(":")[0] not in ("0", "root") and said("FROM").endswith("-slim")
    assert "pip install --no-cache-dir -c constraints.txt ." in said("RUN")
    entry, options = json.loads(said("ENTRYPOINT")), json.loads(said("CMD"))
    assert entry[0].startswith(said("COPY").split()[-1]) and options[0] == "serve"
    service = yaml.safe_load((PROJECT / "compose.yaml").read_text(encoding="utf-8"))["services"]["fer_nb"]
    assert service["read_only"] and service["cap_drop"] == ["ALL"] and service["ports"][0].startswith("127.0.0.1:")


@pytest.mark.skipif(not can_mount(), reason="Only root can make a root that can't be written to.")
def test_it_runs_as_nobody_on_a_root_that_cannot_be_written_to(base, tmp_path):  # noqa: F811
    "The command, the variables and the health check of the Dockerfile, with the packages of a base install."
    folder = Path(tempfile.mkdtemp())  # pytest's own are for root alone
    folder.chmod(0o755)
    programs = shutil.copytree(base.parent, folder / "fer_nb", symlinks=True) / "bin"
    programs.parent.chmod(0o755)
    [port], log = free_ports(1), tmp_path / "log"
    settings = dict(pair.split("=") for pair in said("ENV").split())
    command = [programs / "python", "-c", "from fer_nb.cli import main; main()", *json.loads(said("CMD")), "--port", str(port)]
    user, group = said("USER").split(":")
    rights = ["setpriv", "--reuid", user, "--regid", group, "--clear-groups", "--bounding-set=-all", "--no-new-privs"]
    alone = ["unshare", "-m", "sh", "-c", 'mount -o remount,bind,ro / && cd / && exec "$@"', "sh", *rights, *command]
    with log.open("w") as output:
        process = subprocess.Popen(alone, env={**environment(None), **settings, "HOME": "/"}, stdout=output, stderr=output)
    try:
        wait_until(lambda: answers(port) or process.poll() is not None, "the server does not answer", LIMIT)
        assert process.poll() is None, log.read_text()
        status, _, body = ask(port, "POST", "/api/predict", Path(DEMO_PHOTO).read_bytes())
        assert status == 200 and json.loads(body)["faces"][0]["label"] == "happy"
        assert f"\nUid:\t{user}\t" in Path(f"/proc/{process.pid}/status").read_text()
        check = json.loads(said("HEALTHCHECK").split("CMD ")[1])
        code = check[-1].replace("8000", str(port))
        assert subprocess.run([programs / "python", "-c", code]).returncode == 0
        process.terminate()
        assert process.wait(LIMIT) == 0
        assert subprocess.run([programs / "python", "-c", code], capture_output=True).returncode != 0
    finally:
        process.kill()
        shutil.rmtree(folder)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="There is no systemd on this machine.")
def test_systemd_understands_the_unit(tmp_path):
    cells = json.loads((PROJECT / "nbs" / "10a_serve.ipynb").read_text(encoding="utf-8"))["cells"]
    [unit] = re.findall(r"```ini\n(.*?)```", "\n".join("".join(cell["source"]) for cell in cells), re.DOTALL)
    program = re.search(r"ExecStart=(\S+)", unit)[1]
    path = tmp_path / "fer_nb.service"
    path.write_text(unit.replace(program, sys.executable))
    done = subprocess.run(["systemd-analyze", "verify", path], capture_output=True, text=True, timeout=LIMIT)
    assert str(path) not in done.stderr and "fer_nb.service" not in done.stderr, done.stderr
