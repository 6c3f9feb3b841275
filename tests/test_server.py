"""The server over real connections: its pages, its errors, many viewers of one camera, and cameras that fail."""
import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager

import cv2
import numpy as np
import pytest
from helpers import LIMIT, ask, environment, running_server, wait_until

from fer_nb.camera import CameraError
from fer_nb.core import EXPRESSIONS

GRAY = np.full((480, 640, 3), 128, np.uint8)


class FakeCamera:
    """A camera that counts how often it was opened and released. Each of its faults ends one opening after five frames:
    an exception is raised, an array is given as a last frame, and "end" does nothing more."""

    name = "Fake"

    def __init__(self, frame=GRAY, faults=()):
        self.frame, self.faults = frame, list(faults)
        self.opened = self.released = 0

    def frames(self):
        fault = self.faults[self.opened] if self.opened < len(self.faults) else None
        self.opened += 1
        try:
            for _ in range(100_000 if fault is None else 5):
                time.sleep(0.02)
                yield self.frame
            if isinstance(fault, Exception):
                raise fault
            if isinstance(fault, np.ndarray):
                yield fault
        finally:
            self.released += 1


@contextmanager
def streaming(port, path):
    "The response of a stream that never ends."
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        assert response.status == 200
        yield response
    finally:
        response.close()
        connection.close()


def read_frames(
    response,  # of /video_feed
    count,  # how many frames
):
    "The next frames of the stream, decoded."
    frames, data = [], b""
    while len(frames) < count:
        data += response.read1()
        *parts, data = data.split(b"--frame\r\nContent-Type: image/jpeg\r\n\r\n")
        frames += [cv2.imdecode(np.frombuffer(part, np.uint8), cv2.IMREAD_COLOR) for part in parts if part]
    return frames


def read_events(
    response,  # of /api/events
):
    "The events as dicts, as they arrive."
    deadline = time.monotonic() + LIMIT
    while line := response.readline():
        assert time.monotonic() < deadline, "the event that was waited for does not come"
        if line.startswith(b"data: "):
            yield json.loads(line[6:])


# pages and answers


def test_healthz(server):
    status, headers, body = ask(server.port, "GET", "/healthz")
    assert status == 200
    assert json.loads(body) == {"status": "ok", "model": "default"}


def test_page(server):
    status, headers, body = ask(server.port, "GET", "/")
    assert status == 200
    assert "text/html" in headers["Content-Type"]
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert b'src="/video_feed"' in body and b'data-events="/api/events"' in body
    for path, kind in (("style.css", "text/css"), ("page.js", "text/javascript"), ("favicon.svg", "image/svg+xml")):
        status, headers, _ = ask(server.port, "GET", f"/static/{path}")
        assert status == 200
        assert kind in headers["Content-Type"]


def multipart(data):
    "The body and the headers of a form with one file."
    body = b'--limit\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n' + data + b"\r\n--limit--\r\n"
    return body, {"Content-Type": "multipart/form-data; boundary=limit"}


def assert_demo_answer(answer):
    status, _, body = answer
    assert status == 200, body
    result = json.loads(body)
    assert (result["width"], result["height"], result["model"]) == (512, 512, "default")
    [face] = result["faces"]
    assert face["label"] == "happy"
    assert list(face["probabilities"]) == list(EXPRESSIONS)
    assert sum(face["probabilities"].values()) == pytest.approx(1, abs=1e-3)


def test_predict_raw_body(server, photo):
    assert_demo_answer(ask(server.port, "POST", "/api/predict", photo.read_bytes()))


def test_predict_form(server, photo):
    assert_demo_answer(ask(server.port, "POST", "/api/predict", *multipart(photo.read_bytes())))


def test_predict_without_a_face(server):
    png = cv2.imencode(".png", GRAY)[1].tobytes()
    status, _, body = ask(server.port, "POST", "/api/predict", png)
    assert status == 200
    assert json.loads(body)["faces"] == []


@pytest.mark.parametrize("wrap", [lambda data: (data, {}), multipart], ids=["raw", "form"])
@pytest.mark.parametrize("kind", ["empty", "text", "truncated", "1x1", "8000x8000", "too large an upload"])
def test_predict_refuses_and_goes_on(server, photo, kind, wrap):
    data, expected = {
        "empty": lambda: (b"", 400),
        "text": lambda: (b"This is no picture.", 400),
        "truncated": lambda: (photo.read_bytes()[:30_000], 400),
        "1x1": lambda: (cv2.imencode(".png", np.zeros((1, 1), np.uint8))[1].tobytes(), 400),
        "8000x8000": lambda: (cv2.imencode(".png", np.zeros((8000, 8000), np.uint8))[1].tobytes(), 400),
        "too large an upload": lambda: (bytes(17 * 2**20), 413),
    }[kind]()
    assert_error(ask(server.port, "POST", "/api/predict", *wrap(data)), expected)
    assert_demo_answer(ask(server.port, "POST", "/api/predict", photo.read_bytes()))


@pytest.mark.parametrize(
    "method, path, expected", [("GET", "/api/predict", 405), ("GET", "/nowhere", 404), ("GET", "/static/nothing.css", 404), ("POST", "/", 405)]
)
def test_wrong_address(server, method, path, expected):
    assert_error(ask(server.port, method, path), expected)


def assert_error(answer, expected):
    "A JSON object whose `error` is one sentence."
    status, headers, body = answer
    assert status == expected
    assert headers["Content-Type"] == "application/json"
    sentence = json.loads(body)["error"]
    assert sentence.endswith(".") and ". " not in sentence and "\n" not in sentence, sentence


# viewers


def test_events_of_the_demo(server):
    with streaming(server.port, "/api/events") as response:
        event = next(event for event in read_events(response) if event["faces"])
    assert event["state"] == "playing"
    assert event["size"] == {"width": 640, "height": 480}
    assert "Eileen Collins" in event["source"]
    assert event["faces"][0]["label"] in EXPRESSIONS


def test_two_viewers_of_one_server(server):
    with streaming(server.port, "/video_feed") as first, streaming(server.port, "/video_feed") as second:
        for frame in read_frames(first, 3) + read_frames(second, 3):
            assert frame.shape == (480, 640, 3)


def test_one_camera_for_all_viewers_released_after_the_last(serve_camera):
    camera = FakeCamera()
    port = serve_camera(camera)
    assert camera.opened == 0
    for opened in (1, 2):
        with streaming(port, "/video_feed") as first, streaming(port, "/video_feed") as second, streaming(port, "/api/events") as third:
            read_frames(first, 3)
            read_frames(second, 3)
            next(read_events(third))
            assert (camera.opened, camera.released) == (opened, opened - 1)
        wait_until(lambda: camera.released == opened, "the camera is not released")


def test_a_viewer_that_stops_reading_slows_nobody(serve_camera):
    noise = np.random.default_rng(0).integers(0, 256, (1080, 1920, 3), np.uint8)  # 2 MB a JPEG fill every buffer at once
    port = serve_camera(FakeCamera(noise))
    with closing(socket.create_connection(("127.0.0.1", port))) as stalled:
        stalled.sendall(b"GET /video_feed HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        with streaming(port, "/video_feed") as other:
            frames = []
            reader = threading.Thread(target=lambda: frames.extend(read_frames(other, 20)), daemon=True)
            reader.start()
            reader.join(LIMIT)
            assert len(frames) == 20
        assert ask(port, "GET", "/healthz")[0] == 200


def test_more_viewers_than_threads(serve_camera):
    port = serve_camera(FakeCamera())
    viewers = [socket.create_connection(("127.0.0.1", port)) for _ in range(80)]
    try:
        for viewer in viewers:
            viewer.sendall(b"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            viewer.settimeout(10)
            assert viewer.recv(9) == b"HTTP/1.1 "  # served, or refused, but not left waiting
        assert ask(port, "GET", "/healthz")[0] == 200
    finally:
        for viewer in viewers:
            viewer.close()


# cameras that fail


@pytest.mark.parametrize(
    "fault, message",
    [
        pytest.param(CameraError("The camera 0 gives no more frames; plug it in."), "The camera 0 gives no more frames; plug it in.", id="unplugged"),
        pytest.param(RuntimeError("driver"), "The recognition failed; the server's log says why.", id="raises"),
        pytest.param("end", "Fake has ended.", id="ends"),
        pytest.param(GRAY[..., 0], "The recognition failed; the server's log says why.", id="frame of a wrong shape"),
    ],
)
def test_camera_goes_and_comes_back(serve_camera, fault, message):
    camera = FakeCamera(faults=[fault])
    port = serve_camera(camera)
    with streaming(port, "/api/events") as response:
        events = read_events(response)
        next(event for event in events if event["state"] == "playing")
        gone = next(event for event in events if event["state"] == "gone")
        assert gone["message"] == message
        assert gone["faces"] == []
        next(event for event in events if event["state"] == "playing")
    assert camera.opened == 2
    wait_until(lambda: camera.released == 2, "the camera is not released")
    assert ask(port, "GET", "/healthz")[0] == 200


def test_video_feed_ends_when_the_camera_goes(serve_camera):
    port = serve_camera(FakeCamera(faults=[CameraError("The camera 0 gives no more frames; plug it in.")]))
    with streaming(port, "/video_feed") as response:
        response.read()


# the process


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_signal_ends_the_server_while_it_is_watched(project, name):
    with running_server("--source", "demo", project=project) as process, streaming(process.port, "/video_feed") as response:
        read_frames(response, 1)
        process.send_signal(signal.Signals[name])
        process.wait(timeout=20)


def test_the_serving_process_imports_no_tensorflow(project, photo, tmp_path):
    code = f"""
import sys
from fer_nb.app import create_app
from fer_nb.camera import VideoCamera
from fer_nb.model import FacialExpressionModel
app = create_app(VideoCamera("demo"), FacialExpressionModel.load())
answer = app.test_client().post("/api/predict", data=open({str(photo)!r}, "rb").read())
assert answer.json["faces"][0]["label"] == "happy"
import fer_nb.cli
print(*sorted({{name.split(".")[0] for name in sys.modules}}))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment(project), capture_output=True, text=True, timeout=LIMIT
    )
    assert done.returncode == 0, done.stderr
    modules = set(done.stdout.split())
    assert "ai_edge_litert" in modules
    assert not modules & {"tensorflow", "keras", "matplotlib", "IPython"}
