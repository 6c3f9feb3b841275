"""The browser's camera in a real JupyterLab, whose kernel sees what Chromium's fake camera shows."""
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import CHROMIUM_ARGUMENTS, LIMIT, environment, find_chromium, wait_until
from test_around import answers, free_ports
from test_browser import EDGES

CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
# Finds the white square that the camera below shows, and says that it is happy.
CELL = """
import cv2, numpy as np
from fer_nb.faces import DetectedFace
from fer_nb.notebook_camera import NotebookCamera
from steady import SteadyRecognizer


class SquareDetector:
    def reduced_side(self, shape):
        return None

    def detect(self, frame):
        left, top, width, height = cv2.boundingRect(np.uint8(frame[..., 0] > 128))
        return [DetectedFace(np.float64([left, top, width, height]))] if width else []


recognizer = SteadyRecognizer()
recognizer.detector = {detector}
NotebookCamera(recognizer, count={count})
"""


@pytest.fixture(scope="module")
def lab(project, tmp_path_factory):
    "JupyterLab: its folder, and its address."
    for package in ("jupyterlab", "anywidget"):
        pytest.importorskip(package, reason=f"{package} is not installed; run `make env`.")
    folder, [port] = tmp_path_factory.mktemp("lab"), free_ports(1)
    env = {**environment(project), "JUPYTER_CONFIG_DIR": str(folder / "config")}
    env["PYTHONPATH"] = os.pathsep.join([str(project), str(Path(__file__).parent)])
    options = ["--IdentityProvider.token=", "--no-browser", "--allow-root", f"--port={port}", f"--ServerApp.root_dir={folder}"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-m", "jupyterlab", *options], cwd=folder, env=env, stdout=log, stderr=log)
    try:
        wait_until(lambda: answers(port, "/api"), "JupyterLab does not answer", LIMIT)
        yield folder, f"http://127.0.0.1:{port}/lab/tree/"
    finally:
        process.terminate()
        process.wait(LIMIT)


@contextmanager
def running_cell(lab, arguments, **values):
    "A page of JupyterLab in which the cell has been run; gives it with the widget."
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed.")
    if find_chromium() is None:
        pytest.skip("There is no Chromium or Chrome on this machine.")
    folder, address = lab
    cell = {"cell_type": "code", "id": "cell", "metadata": {}, "outputs": [], "execution_count": None}
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    cells = [{**cell, "source": CELL.format(**values)}]
    (folder / "camera.ipynb").write_text(json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}))
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=find_chromium(), args=[*CHROMIUM_ARGUMENTS, *arguments])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(1000 * LIMIT)
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(f"{address}camera.ipynb?reset", wait_until="domcontentloaded")
        page.locator(".jp-Notebook .cm-content").first.click()
        page.locator("[data-status=idle].jp-Notebook-ExecutionIndicator").first.wait_for(state="attached")  # a kernel is there
        page.keyboard.press("Control+Enter")
        try:
            yield page, page.locator(".fer-camera")
        finally:
            print(page.locator(".jp-OutputArea").all_inner_texts(), (folder / "log").read_text()[-2000:])  # where it fails
            browser.close()


def test_a_box_stands_where_its_frame_has_it(lab, tmp_path):
    "A white square moves through the camera's picture; then the camera is stopped, and its frames come to an end."
    frames = []
    for place in range(20):
        frames.append(np.zeros((480, 640, 3), np.uint8))
        frames[-1][140:340, 24 * (place % 18) :][:, :200] = 255
    jpegs = [cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes() for frame in frames]
    (tmp_path / "square.mjpeg").write_bytes(b"".join(jpegs))
    arguments = [*CAMERA, f"--use-file-for-fake-video-capture={tmp_path / 'square.mjpeg'}"]
    with running_cell(lab, arguments, detector="SquareDetector()", count=100_000) as (page, widget):
        widget.locator(".fer-says", has_text="happy 60%").wait_for()
        edges = page.evaluate(EDGES.replace("#canvas", ".fer-picture"), 5)
        assert len(edges) == 5 and all(square >= 0 and abs(square - box) <= 5 for square, box in edges), edges
        track = "document.querySelector('.fer-video').srcObject.getTracks()[0].readyState"
        assert page.evaluate(track) == "live"
        widget.get_by_role("button", name="Stop").click()
        widget.locator(".fer-facts", has_text="Stopped.").wait_for()
        assert page.evaluate(track) == "ended"
        assert not [url for url in page.asked if not url.startswith((lab[1].partition("/lab")[0], "data:", "blob:"))]


def test_frames_come_to_an_end_and_begin_again(lab):
    with running_cell(lab, CAMERA, detector="recognizer.detector", count=5) as (page, widget):
        for _ in range(2):
            widget.locator(".fer-facts", has_text="All 5 frames were seen.").wait_for()
            assert page.evaluate("document.querySelector('.fer-video').srcObject.getTracks()[0].readyState") == "ended"
            widget.locator(".fer-says", has_text="happy 60%").wait_for()
            widget.get_by_role("button", name="Start again").click()


def test_without_a_camera_the_demo_plays(lab):
    with running_cell(lab, [], detector="recognizer.detector", count=100_000) as (page, widget):
        widget.locator(".fer-says", has_text="happy 60%").wait_for()
        assert "There is no camera here, so the demo plays." in widget.locator(".fer-facts").inner_text()
        before = widget.locator("canvas").screenshot()
        wait_until(lambda: widget.locator("canvas").screenshot() != before, "the demo stands still")
        widget.get_by_role("button", name="Stop").click()
        widget.locator(".fer-facts", has_text="Stopped.").wait_for()
