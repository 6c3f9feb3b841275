"""The server over real connections: its pages, its errors, sessions, many viewers of one camera, and what fails."""
import base64
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import pytest
from helpers import COMMAND, DEFAULT_MODEL, LIMIT, ask, environment, running_server, wait_until
from steady import SteadyModel, SteadyRecognizer

from fer_nb.camera import CameraError
from fer_nb.core import EXPRESSIONS
from fer_nb.recognizer import Frame

GRAY = np.full((480, 640, 3), 128, np.uint8)
LINES = np.tile(np.uint8([[[0]], [[255]]]), (240, 640, 3))  # in which the steady detector sees a face


@pytest.fixture
def serve(serve_camera):
    "Serve a camera in this process with a recognizer whose answers are known; gives the port."

    def serve(camera, recognizer=None, **options):
        return serve_camera(camera, recognizer or SteadyRecognizer(), **options)

    return serve


class FakeCamera:
    """A camera that counts how often it was opened and released. Each of its faults ends one opening after five frames:
    an exception is raised, a list of frames is given, and "end" does nothing more."""

    name = "Fake"

    def __init__(self, frame=GRAY, faults=()):
        self.frame, self.faults = frame, list(faults)
        self.opened = self.released = 0

    def frames(self):
        fault = self.faults[self.opened] if self.opened < len(self.faults) else None
        self.opened += 1
        try:
            for number in range(100_000 if fault is None else 5):
                time.sleep(0.02)
                yield Frame(self.name, number, number / 50, self.frame)
            if isinstance(fault, Exception):
                raise fault
            if isinstance(fault, list):
                yield from fault
        finally:
            self.released += 1


@contextmanager
def streaming(port, path, headers=None):
    "The response of a stream that never ends."
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT)
    try:
        connection.request("GET", path, headers=headers or {})
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
    frames, deadline = [], time.monotonic() + LIMIT
    while len(frames) < count:
        assert time.monotonic() < deadline, "the pictures that were waited for do not come"
        head = {}
        while (line := response.readline()) != b"\r\n" or not head:
            name, _, value = line.decode().strip().partition(": ")
            head |= {name: value} if value else {}
        assert head["Content-Type"] == "image/jpeg"
        frames.append(cv2.imdecode(np.frombuffer(response.read(int(head["Content-Length"])), np.uint8), cv2.IMREAD_COLOR))
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


def test_page(server):
    status, headers, body = ask(server.port, "GET", "/")
    assert status == 200
    assert "text/html" in headers["Content-Type"]
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert headers["Permissions-Policy"] == "camera=(self), microphone=()"
    assert b"<script>" not in body and b" style=" not in body and b" onclick=" not in body
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
    assert (result["width"], result["height"], result["model"]) == (512, 512, DEFAULT_MODEL.name)
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
@pytest.mark.parametrize("kind", ["truncated", "too large an upload"])
def test_predict_refuses_and_goes_on(server, photo, kind, wrap):
    "Through waitress; every kind of bad body is tried in chapter 7."
    data, expected = {"truncated": (photo.read_bytes()[:30_000], 400), "too large an upload": (bytes(17 * 2**20), 413)}[kind]
    assert_error(ask(server.port, "POST", "/api/predict", *wrap(data)), expected)
    assert_demo_answer(ask(server.port, "POST", "/api/predict", photo.read_bytes()))


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
    assert (event["width"], event["height"]) == (640, 480)
    assert "Eileen Collins" in event["source"]
    assert event["faces"][0]["label"] in EXPRESSIONS


def test_two_viewers_of_one_server(server):
    with streaming(server.port, "/video_feed") as first, streaming(server.port, "/video_feed") as second:
        for frame in read_frames(first, 3) + read_frames(second, 3):
            assert frame.shape == (480, 640, 3)


def test_one_camera_for_all_viewers_released_after_the_last(serve):
    camera = FakeCamera()
    port = serve(camera)
    assert camera.opened == 0
    for opened in (1, 2):
        with (
            streaming(port, "/video_feed") as first,
            streaming(port, "/video_feed") as second,
            streaming(port, "/api/events") as third,
        ):
            read_frames(first, 3)
            read_frames(second, 3)
            next(read_events(third))
            assert (camera.opened, camera.released) == (opened, opened - 1)
        wait_until(lambda: camera.released == opened, "the camera is not released")


def test_a_viewer_that_stops_reading_slows_nobody(serve):
    noise = np.random.default_rng(0).integers(0, 256, (1080, 1920, 3), np.uint8)  # 2 MB a JPEG fill every buffer at once
    port = serve(FakeCamera(noise))
    with closing(socket.create_connection(("127.0.0.1", port))) as stalled:
        stalled.sendall(b"GET /video_feed HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        with streaming(port, "/video_feed") as other:
            frames = []
            reader = threading.Thread(target=lambda: frames.extend(read_frames(other, 20)), daemon=True)
            reader.start()
            reader.join(LIMIT)
            assert len(frames) == 20
        assert ask(port, "GET", "/healthz")[0] == 200


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="This system has no time limit for what is not read.")
def test_a_viewer_that_stops_reading_is_let_go(serve, monkeypatch):
    monkeypatch.setattr("fer_nb.serve._UNREAD_SECONDS", 1)
    noise = np.random.default_rng(0).integers(0, 256, (1080, 1920, 3), np.uint8)
    camera = FakeCamera(noise)
    port = serve(camera)
    with closing(socket.create_connection(("127.0.0.1", port))) as stalled:
        stalled.sendall(b"GET /video_feed HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        wait_until(lambda: camera.opened, "the camera is not opened")
        wait_until(lambda: camera.released, "the camera is not released")
        wait_until(lambda: b"fer_streams 0.0" in ask(port, "GET", "/metrics")[2], "the stream stays open")


def test_more_viewers_than_threads(serve):
    port = serve(FakeCamera())
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


UNPLUGGED = "The camera 0 gives no more frames; plug it in."


@pytest.mark.parametrize(
    "fault, message",
    [
        pytest.param(CameraError(UNPLUGGED), UNPLUGGED, id="unplugged"),
        pytest.param(RuntimeError("driver"), "The recognition failed; the server's log says why.", id="raises"),
        pytest.param("end", "Fake has ended.", id="ends"),
        pytest.param([None] * 10, "The picture is of type NoneType; pass the bytes of an image", id="nothing but no frames"),
    ],
)
def test_camera_goes_and_comes_back(serve, fault, message):
    camera = FakeCamera(faults=[fault])
    port = serve(camera)
    with streaming(port, "/api/events") as response:
        events = read_events(response)
        next(event for event in events if event["state"] == "playing")
        gone = next(event for event in events if event["state"] == "gone")
        assert gone["message"].startswith(message)
        assert (gone["faces"], gone["frame"], gone["width"]) == ([], None, None)
        next(event for event in events if event["state"] == "playing")
    assert camera.opened == 2
    wait_until(lambda: camera.released == 2, "the camera is not released")
    assert ask(port, "GET", "/healthz")[0] == 200


def test_video_feed_ends_when_the_camera_goes(serve):
    port = serve(FakeCamera(faults=[CameraError(UNPLUGGED)]))
    with streaming(port, "/video_feed") as response:
        response.read()


def test_a_few_frames_that_are_none_end_nothing(serve):
    camera = FakeCamera(faults=[[None, GRAY[..., 0], "no frame", *[GRAY] * 100_000]])
    port = serve(camera)
    with streaming(port, "/api/events") as response:
        events = read_events(response)
        states = [next(events)["state"] for _ in range(8)]
        assert states[-1] == "playing" and "gone" not in states
    assert camera.opened == 1


class StumblingModel(SteadyModel):
    "Fails in the calls whose numbers are in `failures`, and waits in every call while `gate` is closed."

    def __init__(self):
        self.calls, self.failures = 0, set()
        self.gate, self.busy = threading.Event(), threading.Event()
        self.gate.set()

    def predict_proba(self, faces):
        self.calls += 1
        self.busy.set()
        assert self.gate.wait(LIMIT)
        if self.calls in self.failures:
            raise RuntimeError("out of memory")
        return super().predict_proba(faces)


@pytest.fixture
def stumbling():
    "A recognizer whose model stumbles."
    recognizer = SteadyRecognizer()
    recognizer.model = StumblingModel()
    return recognizer


def test_a_call_of_the_model_that_fails_once(serve, stumbling):
    model, camera, jpeg = stumbling.model, FakeCamera(LINES), cv2.imencode(".jpg", LINES)[1].tobytes()
    port = serve(camera, stumbling)
    model.failures = {model.calls + 2}
    assert ask(port, "POST", "/api/predict", jpeg)[0] == 200
    assert_error(ask(port, "POST", "/api/predict", jpeg), 500)
    assert ask(port, "POST", "/api/predict", jpeg)[0] == 200
    with streaming(port, "/api/events") as response:
        events = read_events(response)
        next(event for event in events if event["faces"])
        model.failures = {model.calls + 2}
        for _ in range(5):
            event = next(events)
            assert event["state"] == "playing" and event["faces"]
    assert camera.opened == 1


def test_a_camera_that_blocks_is_told_of(serve, monkeypatch):
    monkeypatch.setattr("fer_nb.live._SILENT", 0.5)
    blocked = threading.Event()

    class Blocking(FakeCamera):
        def frames(self):
            yield from [Frame(self.name, 0, 0.0, GRAY)] * 3
            blocked.wait(LIMIT)
            yield from super().frames()

    port = serve(Blocking())
    with streaming(port, "/api/events") as response:
        events = read_events(response)
        gone = next(event for event in events if event["state"] == "gone")
        assert gone["message"] == "Fake gives no frames at the moment; check that it is connected."
        blocked.set()
        next(event for event in events if event["state"] == "playing")


class SingleShots(BaseHTTPRequestHandler):
    "A camera that asks for a password and gives the picture of this moment."

    def do_GET(self):
        if self.headers.get("Authorization") != "Basic " + base64.b64encode(b"anna:pa55word").decode():
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="door"')
            return self.end_headers()
        jpeg = cv2.imencode(".jpg", GRAY)[1].tobytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(jpeg)))
        self.end_headers()
        self.wfile.write(jpeg)

    def log_message(self, *arguments):
        pass


def test_a_camera_that_comes_later(project):
    "It is waited for, it comes by itself, and neither page, events, figures nor log ever hold its password."
    with socket.create_server(("127.0.0.1", 0)) as free:
        door = free.getsockname()[1]
    source, told = f"http://anna:pa55word@127.0.0.1:{door}/now.jpg?key=pa55word", []
    with running_server("--source", source, project=project) as process:
        with streaming(process.port, "/api/events") as response:
            events = read_events(response)
            gone = next(event for event in events if event["state"] == "gone")
            assert gone["message"].startswith(f"http://127.0.0.1:{door}/now.jpg can't be reached")
            with ThreadingHTTPServer(("127.0.0.1", door), SingleShots) as camera:
                threading.Thread(target=camera.serve_forever, daemon=True).start()
                playing = next(event for event in events if event["state"] == "playing")
                camera.shutdown()
        assert (playing["source"], playing["width"]) == (f"http://127.0.0.1:{door}/now.jpg", 640)
        told = [json.dumps([gone, playing]), *(ask(process.port, "GET", path)[2].decode() for path in ("/", "/metrics"))]
        told.append(log_of(process))
    assert "now.jpg" in told[-1] and not any("pa55word" in text for text in told)


def test_a_webcam_that_is_plugged_in_later_or_may_not_be_opened(project):
    with running_server("--source", "63", project=project) as process, streaming(process.port, "/api/events") as response:
        gone = next(event for event in read_events(response) if event["state"] == "gone")
        assert gone["message"].startswith("Camera 63 ") and "plug it in" in gone["message"]


def test_the_age_is_that_of_the_frame(serve):
    "A camera that is a minute late says so, and viewers are told."

    class Late(FakeCamera):
        def frames(self):
            for frame in super().frames():
                yield replace(frame, taken=time.monotonic() - 60)

    port = serve(Late())
    with streaming(port, "/api/events") as response:
        event = next(event for event in read_events(response) if event["state"] == "playing")
        assert event["age_seconds"] >= 60
        shown = re.search(r"^fer_shown_frame_age_seconds (.*)$", ask(port, "GET", "/metrics")[2].decode(), re.MULTILINE)
        assert float(shown[1]) >= 60


def test_a_slow_line_gets_smaller_pictures(serve):
    noise = np.random.default_rng(0).integers(0, 256, (720, 1280, 3), np.uint8)
    with closing(socket.socket()) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**15)
        client.settimeout(LIMIT)
        client.connect(("127.0.0.1", serve(FakeCamera(noise))))
        client.sendall(b"GET /video_feed HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        data, deadline = b"", time.monotonic() + LIMIT
        while True:
            assert time.monotonic() < deadline, "the pictures stay as large as they are"
            data += client.recv(2**14)
            time.sleep(0.03)
            sizes = [int(size) for size in re.findall(rb"Content-Length: (\d+)", data)]
            if sizes[1:] and sizes[-1] < sizes[0] / 3:
                break


# proxies


def test_what_a_proxy_says_counts_where_it_is_trusted(serve):
    told = {"X-Forwarded-For": "203.0.113.5", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "fer.example",
            "X-Forwarded-Prefix": "/fer"}
    token = "a-token-of-ours"
    for proxies, secure in ((["127.0.0.1"], True), ([], False)):
        port = serve(FakeCamera(), token=token, proxies=proxies)
        status, headers, _ = ask(port, "GET", f"/?token={token}", headers=told)
        assert (status, headers["Location"], "Secure" in headers["Set-Cookie"]) == (303, "./", secure)
    limited = serve(FakeCamera(), rate=1, proxies=["127.0.0.0/8"])
    asked = [ask(limited, "GET", "/api/docs", headers={**told, "X-Forwarded-For": f"203.0.113.{n % 5}"})[0] for n in range(8)]
    assert asked == [200] * 8  # five clients, and not one


def test_two_servers_of_a_host_keep_each_other_s_cookies(serve):
    cookies = []
    for token in ("a-token-of-ours", "another-token"):
        port = serve(FakeCamera(), token=token)
        cookies.append(ask(port, "GET", f"/?token={token}")[1]["Set-Cookie"].split(";")[0])
        assert ask(port, "GET", "/", headers={"Cookie": "; ".join(cookies)})[0] == 200
    assert cookies[0].split("=")[0] != cookies[1].split("=")[0]


def test_a_token_in_the_frame_of_another_site(serve):
    "Over HTTPS its cookie comes back there, kept apart for that site; over HTTP it stays the page's own."
    port = serve(FakeCamera(), token="a-word-of-class", frames=["https://hub.example"], proxies=["127.0.0.1"])
    for scheme, wanted in (("https", {"SameSite=None", "Partitioned", "Secure"}), ("http", {"SameSite=Strict"})):
        headers = ask(port, "GET", "/?token=a-word-of-class", headers={"X-Forwarded-Proto": scheme})[1]
        assert wanted <= set(headers["Set-Cookie"].split("; ")), headers
        assert "frame-ancestors https://hub.example" in headers["Content-Security-Policy"]


def test_streams_are_not_collected_by_proxies(serve):
    port = serve(FakeCamera())
    for path in ("/video_feed", "/api/events"):
        with streaming(port, path) as response:
            assert response.headers["X-Accel-Buffering"] == "no"


def test_scripts_come_whoever_asks(serve):
    "A proxy may rewrite the host, and then the browser's origin is another; the page must come to say so."
    port, origin = serve(FakeCamera(), hosts={"127.0.0.1"}, names={"fer.example"}), {"Origin": "http://elsewhere.example"}
    assert ask(port, "GET", "/static/page.js", headers=origin)[0] == 200
    status, _, body = ask(port, "POST", "/api/sessions", headers=origin)
    assert status == 403 and "--allow-host" in json.loads(body)["error"]
    assert ask(port, "POST", "/api/sessions", headers={"Origin": "http://fer.example:8080"})[0] == 201


# sessions


def post_frame(port, session, number, data):
    status, _, body = ask(port, "POST", f"/api/frames?session={session}&frame={number}", data, {"Content-Type": "image/jpeg"})
    assert status == 200, body
    return json.loads(body)


def open_session(port):
    status, _, body = ask(port, "POST", "/api/sessions")
    assert status == 201
    return json.loads(body)["session"]


def test_sessions_do_not_cross(serve):
    "Four sessions at once, each with pictures of its own width, in which one face has one number."
    port = serve(FakeCamera())
    frames = [cv2.imencode(".jpg", LINES[:, : 640 - 40 * count])[1].tobytes() for count in range(4)]
    sessions = [open_session(port) for _ in frames]

    def run(count):
        results = [post_frame(port, sessions[count], number, frames[count]) for number in range(12)]
        assert [result["frame"] for result in results] == list(range(12))
        assert not any(result["dropped"] for result in results)
        return {(result["width"], *(face["track"] for face in result["faces"])) for result in results}

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(run, range(4)))
    assert told == [{(640 - 40 * count, 1)} for count in range(4)]


def test_a_newer_frame_replaces_the_one_that_waits(serve, stumbling):
    "Whatever the order in which three frames come while one is recognized, the newest of them is the next."
    model, jpeg = stumbling.model, cv2.imencode(".jpg", LINES)[1].tobytes()
    port = serve(FakeCamera(), stumbling)
    session = open_session(port)
    model.busy.clear()
    model.gate.clear()
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(post_frame, port, session, 0, jpeg)]
        assert model.busy.wait(LIMIT)
        answers += [pool.submit(post_frame, port, session, number, jpeg) for number in (1, 2, 3)]
        dropped = [answer.result(LIMIT)["dropped"] for answer in answers[1:3]]
        assert not answers[0].done() and not answers[3].done()
        model.gate.set()
        first, last = (answers[number].result(LIMIT)["dropped"] for number in (0, 3))
        assert [first, *dropped, last] == [False, True, True, False]
        assert answers[3].result()["drops"] == 2
    text = ask(port, "GET", "/metrics")[2].decode()
    assert "fer_drops_total 2.0" in text and 'fer_frames_total{source="session"} 2.0' in text


def test_a_session_is_watched_and_ends(server, photo):
    session = open_session(server.port)
    with streaming(server.port, f"/api/events?session={session}") as response:
        sent = post_frame(server.port, session, 7, photo.read_bytes())
        assert next(read_events(response)) == sent
        assert ask(server.port, "POST", f"/api/sessions/{session}/end")[0] == 204
        response.read()  # it ends
    assert_error(ask(server.port, "POST", f"/api/frames?session={session}", photo.read_bytes()), 410)


# strangers


def test_requests_for_other_names_or_from_other_sites(server):
    assert_error(ask(server.port, "GET", "/", headers={"Host": "rebound.example"}), 403)
    assert ask(server.port, "GET", "/healthz", headers={"Host": "localhost"})[0] == 200
    assert ask(server.port, "GET", "/healthz", headers={"Host": "class.example"})[0] == 200  # given with --allow-host
    for headers in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert_error(ask(server.port, "POST", "/api/sessions", headers=headers), 403)


def test_rate_of_a_client(serve):
    port = serve(FakeCamera(), rate=1)
    answers = [ask(port, "GET", "/api/openapi.json") for _ in range(10)]
    refused = [answer for answer in answers if answer[0] != 200]
    assert answers[0][0] == 200 and refused
    assert_error(refused[0], 429)
    assert refused[0][1]["Retry-After"] == "1"


def log_of(process):
    "What a server has written to stderr."
    process.log.seek(0)
    return process.log.read().decode()


def test_token_and_json_log(project):
    "The token opens everything, and the log, one object a line, holds neither it nor the name of a session."
    token = "a-token-of-ours"
    options = ("--source", "demo", "--host", "0.0.0.0", "--token", token, "--log", "json")
    with running_server(*options, project=project) as process:
        bearer = {"Authorization": f"Bearer {token}"}
        assert_error(ask(process.port, "GET", "/"), 401)
        status, headers, _ = ask(process.port, "GET", f"/?token={token}")
        assert (status, headers["Location"]) == (303, "./")
        assert "HttpOnly" in headers["Set-Cookie"] and "SameSite=Strict" in headers["Set-Cookie"]
        cookie = {"Cookie": headers["Set-Cookie"].split(";")[0]}
        assert ask(process.port, "GET", "/", headers=cookie)[0] == 200
        session = json.loads(ask(process.port, "POST", "/api/sessions", headers=bearer)[2])["session"]
        assert ask(process.port, "DELETE", f"/api/sessions/{session}", headers=bearer)[0] == 204
        with streaming(process.port, "/video_feed", bearer) as response:
            read_frames(response, 1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(LIMIT) == 0
        written = log_of(process)
    assert token not in written and session not in written
    entries = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
    messages = [entry["message"] for entry in entries if entry["message"] != "Request"]
    assert messages == ["Session opened", "Session ended", "Camera opened", "Camera released", "Server stopped"]


def test_an_open_server_without_a_token_says_why_it_should_have_one(project):
    with running_server("--source", "demo", "--host", "0.0.0.0", project=project) as process:
        why = f"Whoever reaches port {process.port} of this machine can watch its camera; let in with --token whom you want."
        assert why in log_of(process).splitlines()


# clients that fail


UPLOAD = b"POST /api/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n"


def assert_recognizes(port, photo):
    "A server in this process answers as before."
    status, _, body = ask(port, "POST", "/api/predict", photo.read_bytes())
    assert status == 200 and len(json.loads(body)["faces"]) == 1, body


def test_clients_that_leave_in_the_middle(serve, photo):
    camera = FakeCamera()
    port = serve(camera)
    for request in (UPLOAD + photo.read_bytes()[:50_000], b"GET /video_feed HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"):
        for _ in range(10):
            with closing(socket.create_connection(("127.0.0.1", port), timeout=LIMIT)) as client:
                client.sendall(request)
                if b"video_feed" in request:
                    client.recv(1000)
    assert_recognizes(port, photo)
    wait_until(lambda: camera.opened == camera.released > 0, "the camera is not released")
    wait_until(lambda: b"fer_streams 0.0" in ask(port, "GET", "/metrics")[2], "the streams stay open")


def test_more_clients_than_files_that_may_be_open(project, tmp_path):
    "They wait until others leave; the log has no traceback of each attempt."
    few = tmp_path / "few"
    few.write_text(f'#!/bin/sh\nulimit -n 64\nexec {COMMAND} "$@"\n')
    few.chmod(0o755)
    with running_server("--source", "demo", project=project, command=few) as process:
        with ExitStack() as clients:
            for _ in range(80):
                clients.enter_context(socket.create_connection(("127.0.0.1", process.port), LIMIT))
            with pytest.raises(TimeoutError), closing(http.client.HTTPConnection("127.0.0.1", process.port, timeout=2)) as late:
                late.request("GET", "/healthz")
                late.getresponse()
        assert ask(process.port, "GET", "/healthz")[0] == 200
        process.log.seek(0)
        assert b"Traceback" not in process.log.read()


def test_uploads_that_trickle_in_hold_up_nobody(serve, photo):
    port = serve(FakeCamera())
    with ExitStack() as stack:
        slow = [stack.enter_context(closing(socket.create_connection(("127.0.0.1", port), timeout=LIMIT))) for _ in range(200)]
        for client in slow:
            client.sendall(UPLOAD + b"some")
        for _ in range(5):
            for client in slow[::20]:
                client.sendall(b"x")
            assert_recognizes(port, photo)
    assert ask(port, "GET", "/healthz")[0] == 200


def test_no_picture_is_written_to_a_file(serve, monkeypatch):
    "Neither a large upload nor a stream that is not read goes to a temporary file."

    def refuse(*arguments, **options):
        raise AssertionError("a temporary file was opened")

    for name in ("TemporaryFile", "SpooledTemporaryFile", "NamedTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", refuse)
    noise = np.random.default_rng(0).integers(0, 256, (1080, 1920, 3), np.uint8)
    port = serve(FakeCamera(noise))
    data = cv2.imencode(".png", noise)[1].tobytes()
    assert len(data) > 5_000_000
    for wrap in (lambda data: (data, {}), multipart):
        status, _, body = ask(port, "POST", "/api/predict", *wrap(data))
        assert status == 200, body
    with streaming(port, "/video_feed") as response:
        time.sleep(1)
        assert len(read_frames(response, 3)) == 3


# the process


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_signal_ends_the_server_while_it_is_watched(project, name):
    with running_server("--source", "demo", project=project) as process, streaming(process.port, "/video_feed") as response:
        read_frames(response, 1)
        with streaming(process.port, "/api/events") as events:
            process.send_signal(signal.Signals[name])
            assert process.wait(LIMIT) == 0
            for stream in (response, events):
                with suppress(http.client.IncompleteRead):  # a chunk may be under way; what counts is that the stream ends
                    stream.read()


def test_sigterm_under_load(project, photo):
    "Frames of four sessions under way, and a viewer that does not read."
    with running_server("--source", "demo", project=project) as process, closing(socket.socket()) as stalled:
        stalled.connect(("127.0.0.1", process.port))
        stalled.sendall(b"GET /video_feed HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        sessions, data, counts = [open_session(process.port) for _ in range(4)], photo.read_bytes(), [0] * 4

        def load(index):
            try:
                while True:
                    post_frame(process.port, sessions[index], counts[index], data)
                    counts[index] += 1
            except (OSError, http.client.HTTPException, AssertionError):
                return  # the server has stopped

        threads = [threading.Thread(target=load, args=(index,), daemon=True) for index in range(4)]
        for thread in threads:
            thread.start()
        wait_until(lambda: min(counts) > 5, "the sessions get no answers")
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT) == 0
        for thread in threads:
            thread.join(LIMIT)
            assert not thread.is_alive()


def test_the_serving_process_imports_what_it_needs(project, photo, tmp_path):
    "Neither TensorFlow nor plots, and of this package neither data nor what evaluates, trains or writes models."
    code = f"""
import sys
import fer_nb.cli
from fer_nb.camera import VideoCamera
from fer_nb.recognizer import Recognizer
from fer_nb.serve import Service
service = Service(VideoCamera(), Recognizer.load())
service.warm()
client = service.app.test_client()
assert client.post("/api/predict", data=open({str(photo)!r}, "rb").read()).status_code == 200
assert next(client.get("/video_feed").response)
service.close()
print(*sys.modules)
"""
    command, environ = [sys.executable, "-c", code], environment(project)
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0, done.stderr
    modules = set(done.stdout.split())
    assert "ai_edge_litert" in modules
    assert not modules & {"tensorflow", "keras", "matplotlib", "IPython"}
    needless = ("data", "drawn_faces", "generators", "cnn", "training", "evaluation", "model_card", "make_model", "benchmark")
    assert not modules & {f"fer_nb.{name}" for name in needless}
