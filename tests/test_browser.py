"""The page in a real browser: the cameras of the server and of the browser, pictures, the timeline, and every loss in words."""
import csv
import io
import itertools
import json
import os
import re
import signal
import time
from contextlib import contextmanager, suppress

import cv2
import numpy as np
import pytest
from helpers import CHROMIUM_ARGUMENTS, DEFAULT_MODEL, LIMIT, ask, find_chromium, running_server, wait_until

from fer_nb.camera import CameraError, demo_frames
from fer_nb.core import EXPRESSIONS

FAKE_CAMERA = ["--use-fake-device-for-media-stream"]
ALLOWED = ["--use-fake-ui-for-media-stream"]  # answers the browser's question about the camera with yes
NAMED = ["--host-resolver-rules=MAP class.example 127.0.0.1"]  # a name that is not localhost, so not secure without HTTPS


@pytest.fixture(scope="module")
def launch():
    "Start headless Chromium with more arguments; where there is none the tests are skipped, but in CI they fail."
    try:
        from playwright.sync_api import sync_playwright

        missing = None if find_chromium() else "There is no Chromium or Chrome on this machine."
    except ImportError:
        missing = "Playwright is not installed; run `pip install playwright`."
    if missing:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    with sync_playwright() as playwright:

        @contextmanager
        def launched(*arguments):
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=[*CHROMIUM_ARGUMENTS, *arguments])
            yield browser
            browser.close()

        yield launched


@pytest.fixture(scope="module")
def browser(launch):
    "Without any camera."
    with launch(*NAMED) as browser:
        yield browser


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    "Three seconds of the demo source, as Chromium's fake camera takes them: JPEG after JPEG."
    path = tmp_path_factory.mktemp("clip") / "demo.mjpeg"
    frames = itertools.islice(demo_frames(), 75)
    path.write_bytes(b"".join(cv2.imencode(".jpg", frame)[1].tobytes() for frame in frames))
    return path


@pytest.fixture(scope="module")
def camera_browser(launch, clip):
    "With a camera that plays the demo, and may be used."
    with launch(*FAKE_CAMERA, *ALLOWED, f"--use-file-for-fake-video-capture={clip}") as browser:
        yield browser


@pytest.fixture
def open_in():
    "Open the page of a server; the page keeps what it asked for and what went wrong in `requests` and `errors`."
    contexts = []

    def open_at(browser, port, width=1280, height=860, host="127.0.0.1", script=None, **options):
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **options))
        page = contexts[-1].new_page()
        page.set_default_timeout(1000 * LIMIT)
        page.requests, page.errors = [], []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("console", lambda message: message.type == "error" and page.errors.append(message.text))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        if script:
            page.add_init_script(script)
        page.goto(f"http://{host}:{port}/", wait_until="commit")  # the streams never end, so the page is never idle
        return page

    yield open_at
    for context in contexts:
        for page in context.pages:
            tell(page)
        context.close()


def tell(page):
    "Print how a page stands; pytest shows it for a test that failed."
    with suppress(Exception):
        state = page.evaluate("""() => {
          const video = document.querySelector("#video");
          const [track] = video?.srcObject?.getTracks() ?? [];
          const told = { readyState: video?.readyState, time: video?.currentTime, track: track?.readyState, muted: track?.muted };
          return { state: document.querySelector("#page")?.dataset.state, ...told };
        }""")
        print(page.url, state, len(page.requests), "requests, the last", page.requests[-3:], page.errors)


@pytest.fixture
def open_page(browser, open_in):
    "Open the page in the browser without a camera."
    return lambda port, *size, **options: open_in(browser, port, *size, **options)


def choose(page, source):
    "Take another source, as the keyboard would."
    page.locator(f"input[value={source}]").check()


def start_camera(page):
    "Turn to the browser's camera, and press the button."
    choose(page, "browser")
    page.get_by_role("button", name="Start the camera").click()


def wait_for_state(page, *states):
    page.wait_for_selector(", ".join(f"#page[data-state={state}]" for state in states))


def test_page_shows_a_happy_face(server, open_page):
    page = open_page(server.port)
    page.locator(".card [data-part=label]", has_text="happy").wait_for()
    assert page.locator(".card [data-part=label]").inner_text() == "Happy"
    assert page.locator("#page").get_attribute("data-state") == "playing"
    assert page.locator("#veil").is_hidden() and page.locator("#empty").is_hidden()
    assert page.locator(".card").count() == 1
    assert "Eileen Collins" in page.locator("#source").inner_text()
    page.locator("#speed", has_text=re.compile(r"^[\d.]+$")).wait_for()
    assert float(page.locator("#speed").inner_text()) > 0
    assert page.locator("#picture").evaluate("picture => [picture.naturalWidth, picture.naturalHeight]") == [640, 480]
    assert all(url.startswith(f"http://127.0.0.1:{server.port}/") for url in page.requests), page.requests
    assert page.errors == []


# Whether every bar is as long as its share says; the fill of a bar slides in from the left.
BARS_FIT = """
[...document.querySelectorAll(".row")].every((row) => {
  const [track, fill] = [".track", ".fill"].map((part) => row.querySelector(part).getBoundingClientRect());
  const stated = Number(row.querySelector(".fill").style.getPropertyValue("--share"));
  return Math.abs((fill.right - track.left) / track.width - stated) < 0.1;
})
"""


def test_bars_say_what_the_numbers_say(server, open_page):
    page = open_page(server.port)
    page.wait_for_selector(".card .winner")
    card = page.evaluate(
        """() => {
          const card = document.querySelector(".card");
          const text = (selector) => card.querySelector(selector).textContent;
          return {
            label: text("[data-part=label]"), number: text("[data-part=number]"), confidence: text("[data-part=confidence]"),
            rows: [...card.querySelectorAll(".row")].map((row) => ({
              name: row.querySelector(".name").textContent, share: row.querySelector(".share").textContent,
              stated: Number(row.querySelector(".fill").style.getPropertyValue("--share")),
              wins: row.classList.contains("winner"),
            })),
          };
        }"""
    )
    assert card["number"] == "1"
    assert [row["name"] for row in card["rows"]] == list(EXPRESSIONS)
    assert all(re.fullmatch(r"<1%|>99%|\d{1,2}%", row["share"]) for row in card["rows"]), card
    assert sum(row["stated"] for row in card["rows"]) == pytest.approx(1, abs=1e-3)
    [winner] = [row for row in card["rows"] if row["wins"]]
    assert winner["stated"] == max(row["stated"] for row in card["rows"])
    assert (winner["name"], winner["share"]) == (card["label"], card["confidence"])
    wait_until(lambda: page.evaluate(BARS_FIT), "the bars don't show the shares")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phone_has_no_sideways_scrolling(server, open_page, scheme):
    page = open_page(server.port, 390, 844, color_scheme=scheme)
    page.wait_for_selector(".card .winner")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("#picture").bounding_box()["width"] > 300


class SwitchedCamera:
    "A camera that shows the demo, a wall, or nothing, as `shows` says."

    name, shows = "Switched", "demo"

    def frames(self):
        for frame in demo_frames():
            if self.shows == "nothing":
                raise CameraError("The camera 0 gives no more frames; plug it in.")
            time.sleep(0.04)
            yield frame if self.shows == "demo" else np.full((480, 640, 3), 120, np.uint8)


def test_page_says_that_there_is_no_face_and_that_the_camera_is_gone(serve_camera, open_page):
    camera = SwitchedCamera()
    page = open_page(serve_camera(camera))
    page.wait_for_selector(".card .winner")

    camera.shows = "wall"
    page.wait_for_selector("#empty:visible")
    assert page.locator("#empty-title").inner_text() == "No face in view"
    assert page.locator(".card").count() == 0

    camera.shows = "nothing"
    page.wait_for_selector("#page[data-state=gone]")
    assert page.locator("#veil").is_visible()
    assert page.locator("#veil-title").inner_text() == "The camera is gone"
    assert page.locator("#veil-message").inner_text() == "The camera 0 gives no more frames; plug it in."

    camera.shows = "demo"
    page.wait_for_selector("#page[data-state=playing]")
    page.wait_for_selector(".card .winner")
    assert page.locator("#veil").is_hidden()
    assert page.errors == []


def test_page_says_that_the_server_is_gone_and_comes_back(project, open_page):
    with running_server("--source", "demo", project=project) as process:
        page = open_page(process.port)
        page.wait_for_selector(".card .winner")
    page.wait_for_selector("#page[data-state=silent]")
    assert "server does not answer" in page.locator("#veil-title").inner_text()
    with running_server("--source", "demo", project=project, port=process.port):
        assert_plays(page)


def test_page_says_that_the_server_is_frozen_and_goes_on(project, open_page):
    with running_server("--source", "demo", project=project) as process:
        page = open_page(process.port)
        page.wait_for_selector(".card .winner")
        process.send_signal(signal.SIGSTOP)  # the connection stays open, and nothing comes
        page.wait_for_selector("#page[data-state=silent]")
        process.send_signal(signal.SIGCONT)
        assert_plays(page)


def assert_plays(page):
    "The page shows faces, and its picture moves."
    page.wait_for_selector("#page[data-state=playing]")
    page.wait_for_selector(".card .winner")
    before = page.locator("#picture").screenshot()
    page.wait_for_timeout(500)
    assert page.locator("#picture").screenshot() != before


# The browser's own camera


COUNT_ASKING = """
navigator.mediaDevices.asked = 0;
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = (wish) => { navigator.mediaDevices.asked += 1; return ask(wish); };
"""


def test_browser_camera_is_asked_for_and_read(server, camera_browser, open_in):
    page = open_in(camera_browser, server.port, script=COUNT_ASKING)
    choose(page, "browser")
    wait_for_state(page, "asking")
    says = page.locator("#veil").inner_text()
    for part in ("how likely each expression is", "no emotion", "to this server only", "nothing is stored"):
        assert part in says
    assert page.evaluate("navigator.mediaDevices.asked") == 0  # nothing opens before the button
    page.get_by_role("button", name="Start the camera").click()
    page.locator(".card [data-part=label]", has_text="happy").wait_for()
    assert page.evaluate("navigator.mediaDevices.asked") == 1
    assert page.locator(".card").count() == 1 and page.locator("#veil").is_hidden()
    assert page.locator("#picture").is_hidden() and page.locator("#canvas").is_visible()
    wait_until(lambda: page.locator("#speed").inner_text() not in ("–", "0.0"), "no speed is shown")
    assert page.locator("#delay").is_visible() and int(page.locator("#dropped").inner_text()) >= 0
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    assert page.context.cookies() == []
    assert all(url.startswith(f"http://127.0.0.1:{server.port}/") for url in page.requests), page.requests

    page.get_by_role("button", name="Stop the camera").click()
    wait_for_state(page, "asking")
    assert page.evaluate("document.querySelector('video').srcObject") is None
    wait_until(lambda: any(url.endswith("/end") for url in page.requests), "the session is not ended")
    page.get_by_role("button", name="Start the camera").click()
    page.locator(".card [data-part=label]", has_text="happy").wait_for()
    assert page.errors == []


def test_source_chosen_before_the_script_came_is_kept(server, open_page):
    early = "document.onreadystatechange = () => { document.querySelector('input[value=picture]').checked = true; }"
    page = open_page(server.port, script=early)
    wait_for_state(page, "choosing")
    assert page.locator("#picture").is_hidden()  # and the server's camera is let go
    assert page.locator("#picture").get_attribute("src") is None


def test_session_ends_with_the_page(server, camera_browser, open_in, photo):
    page = open_in(camera_browser, server.port)
    start_camera(page)
    page.wait_for_selector(".card .winner")
    [session] = {match[1] for match in map(re.compile(r"session=([\w-]+)").search, page.requests) if match}
    page.goto("about:blank")
    path = f"/api/frames?session={session}&frame=9999"
    wait_until(lambda: ask(server.port, "POST", path, photo.read_bytes())[0] == 410, "the session is not ended")


# A camera that shows a white square on black, further right in every frame.
MOVING = """
const [WIDTH, HEIGHT] = [%d, %d];
const draw = (width, height) => {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  return [canvas, canvas.getContext("2d", { willReadFrequently: true })];
};
navigator.mediaDevices.getUserMedia = async () => {
  const [canvas, pen] = draw(WIDTH, HEIGHT);
  let step = 0;
  setInterval(() => {
    pen.fillStyle = "black";
    pen.fillRect(0, 0, WIDTH, HEIGHT);
    pen.fillStyle = "white";
    pen.fillRect((step++ * 24) %% (WIDTH - 200), HEIGHT / 2 - 100, 200, 200);
  }, 40);
  return canvas.captureStream(25);
};
"""
# A server that finds it, but holds frames until there are two and answers the later one first.
SQUARES = MOVING + """
window.seen = { sizes: new Set(), underWay: 0, most: 0, types: new Set() };
const held = [];
const post = window.fetch.bind(window);
window.fetch = async (address, options) => {
  if (!address.includes("/api/frames")) return post(address, options);
  seen.most = Math.max(seen.most, ++seen.underWay);
  seen.types.add(options.body.type);
  const { width, height, ...image } = await createImageBitmap(options.body).then((image) => {
    const [canvas, pen] = draw(image.width, image.height);
    pen.drawImage(image, 0, 0);
    const { data } = pen.getImageData(0, image.height / 2, image.width, 1);
    const white = [...Array(image.width).keys()].filter((x) => data[4 * x] > 128);
    return { width: image.width, height: image.height, first: white[0] ?? 0, side: white.length };
  });
  seen.sizes.add(`${width}x${height}`);
  const turn = new Promise((resolve) => held.push(resolve));
  if (held.length === 2) {
    const [earlier, later] = held.splice(0);
    later();
    setTimeout(earlier, 20);
  }
  await turn;
  seen.underWay -= 1;
  const box = { x: image.first, y: (height - image.side) / 2, width: image.side, height: image.side };
  const face = { number: 1, box, label: "happy", confidence: 0.9, unsure: false, probabilities: { happy: 0.9, sad: 0.1 } };
  const frame = Number(new URL(address, location).searchParams.get("frame"));
  return new Response(JSON.stringify({ frame, dropped: false, width, height, faces: [face], drops: 0 }));
};
"""
# Left edges of the white square and of the box, in pixels of the canvas; null where there is none.
EDGES = """
() => {
  const canvas = document.querySelector("#canvas");
  const y = Math.round(canvas.height / 2);
  const { data } = canvas.getContext("2d").getImageData(0, y, canvas.width, 1);
  const first = (fits) => {
    for (let x = 0; x < canvas.width; x++) if (fits(data[4 * x], data[4 * x + 2])) return x;
    return null;
  };
  return [first((red, blue) => red > 200 && blue > 200), first((red, blue) => red > 200 && blue < 100)];
}
"""


@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (480, 960)])
def test_boxes_belong_to_the_frame_under_them(server, open_page, size):
    page = open_page(server.port, script=SQUARES % size)
    start_camera(page)
    page.wait_for_selector(".card .winner")
    places = set()
    for _ in range(25):
        page.wait_for_timeout(60)
        square, box = page.evaluate(EDGES)
        assert square is not None and box is not None
        places.add(square)
        # The box is 3 pixels wide; one frame further the square is about 24 away.
        assert abs(square - box) <= 5, (square, box)
    assert len(places) > 3, "the picture does not move"
    told = page.evaluate("({ ...seen, sizes: [...seen.sizes], types: [...seen.types] })")
    assert told["most"] == 2 and told["types"] == ["image/jpeg"]
    assert told["sizes"] == [{(640, 480): "640x480", (1280, 720): "640x360", (480, 960): "320x640"}[size]]
    assert page.locator(".card .row").count() == 2  # the rows are those of the face, should a model know other expressions
    assert page.errors == []


# A server that drops every other frame, and is unsure about the rest.
DROPPING = MOVING + """
const post = window.fetch.bind(window);
window.fetch = async (address, options) => {
  if (!address.includes("/api/frames")) return post(address, options);
  const frame = Number(new URL(address, location).searchParams.get("frame"));
  const box = { x: 9, y: 9, width: 90, height: 90 };
  const face = { number: 1, box, label: "sad", confidence: 0.4, unsure: true, probabilities: { happy: 0.3, sad: 0.4 } };
  const seen = frame & 1 ? { dropped: true } : { dropped: false, width: 640, height: 480, faces: [face] };
  return new Response(JSON.stringify({ frame, ...seen, drops: 40 + frame }));
};
"""


def test_drops_are_counted(server, open_page):
    page = open_page(server.port, script=DROPPING % (640, 480))
    start_camera(page)
    page.wait_for_selector(".card.unsure")
    assert page.locator(".card [data-part=label]").inner_text() == "Unsure"
    wait_until(lambda: int(page.locator("#dropped").inner_text()) > 42, "the server's drops are not shown")


def test_a_session_that_ended_is_opened_anew_and_a_busy_server_is_spared(server, camera_browser, open_in):
    page = open_in(camera_browser, server.port)
    start_camera(page)
    page.wait_for_selector(".card .winner")

    def sessions():
        return sum(url.endswith("/api/sessions") for url in page.requests)

    assert sessions() == 1
    page.route("**/api/frames*", lambda route: route.fulfill(status=410, json={"error": "The session ended."}), times=1)
    wait_until(lambda: page.wait_for_timeout(50) or sessions() == 2, "no new session is opened")
    # Its faces are new ones, so they get new numbers.
    page.locator(".card [data-part=number]", has_text=re.compile("^2$")).wait_for()

    refused = []

    def refuse(route):
        refused.append(route.request.url)
        route.fulfill(status=429, json={"error": "Too many requests."})

    page.route("**/api/frames*", refuse)
    page.wait_for_timeout(4000)
    assert 3 <= len(refused) < 20, "the page does not slow down"
    page.unroute_all(behavior="ignoreErrors")
    page.wait_for_selector("#notice:visible")
    assert "busy" in page.locator("#notice").inner_text()
    page.wait_for_selector("#notice[hidden]", state="attached")
    assert page.locator("#page").get_attribute("data-state") == "playing"


def assert_offers(page, title, *offers):
    "The veil says why there is no camera, and offers other ways."
    page.locator("#veil-title", has_text=title).wait_for()
    assert page.locator("#page").get_attribute("data-tone") == "gone"
    assert page.locator("#actions button").all_inner_texts() == list(offers)


SERVER_OFFER = "Watch the server: Demo: Eileen Collins, photographed by NASA"


def test_page_says_that_permission_was_denied(server, launch, open_in):
    with launch(*FAKE_CAMERA) as browser:
        page = open_in(browser, server.port)
        start_camera(page)
        assert_offers(page, "The camera is not allowed", "Try again", "Use a picture instead", SERVER_OFFER)
        page.get_by_role("button", name=SERVER_OFFER).click()
        page.locator(".card [data-part=label]", has_text="happy").wait_for()


def test_page_says_that_there_is_no_camera(server, open_page):
    page = open_page(server.port, permissions=["camera"])
    start_camera(page)
    assert_offers(page, "There is no camera", "Try again", "Use a picture instead", SERVER_OFFER)
    page.get_by_role("button", name="Use a picture instead").click()
    wait_for_state(page, "choosing")


def test_page_says_that_the_camera_is_in_use(server, open_page):
    busy = "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('in use', 'NotReadableError'); }"
    page = open_page(server.port, script=busy)
    start_camera(page)
    assert_offers(page, "The camera can't be opened", "Try again", "Use a picture instead", SERVER_OFFER)


def test_page_says_that_a_camera_needs_https(project, open_page):
    with running_server("--source", "demo", "--allow-host", "class.example", project=project) as process:
        page = open_page(process.port, host="class.example")
        page.wait_for_selector(".card .winner")  # the server's camera needs none
        choose(page, "browser")
        assert_offers(page, "No camera without HTTPS", "Use a picture instead", SERVER_OFFER)


def test_page_says_that_the_camera_was_unplugged(server, camera_browser, open_in):
    page = open_in(camera_browser, server.port)
    start_camera(page)
    page.wait_for_selector(".card .winner")
    page.evaluate(
        """() => {
          const [track] = document.querySelector("video").srcObject.getVideoTracks();
          track.stop();
          track.dispatchEvent(new Event("ended"));
        }"""
    )
    assert_offers(page, "The camera is gone", "Try again", "Use a picture instead", SERVER_OFFER)
    assert page.locator(".card .winner").count() == 0
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(".card .winner")


def test_browser_camera_goes_on_after_the_server_was_gone(project, camera_browser, open_in):
    with running_server("--source", "demo", project=project) as process:
        page = open_in(camera_browser, process.port)
        start_camera(page)
        page.wait_for_selector(".card .winner")
    wait_for_state(page, "silent")
    with running_server("--source", "demo", project=project, port=process.port):
        wait_for_state(page, "playing")
        page.wait_for_selector(".card .winner")


def test_servers_camera_opens_when_asked_and_is_released_when_nobody_watches(serve_camera, open_page):
    class CountedCamera:
        name, is_webcam, open = "Camera 0", True, 0

        def frames(self):
            self.open += 1
            try:
                for frame in demo_frames():
                    time.sleep(0.04)
                    yield frame
            finally:
                self.open -= 1

    camera = CountedCamera()
    page = open_page(serve_camera(camera))
    page.get_by_role("button", name="Start the camera").wait_for()
    assert "no emotion" in page.locator("#veil-message").inner_text()
    assert camera.open == 0
    page.get_by_role("button", name="Start the camera").click()
    page.wait_for_selector(".card .winner")
    assert camera.open == 1
    choose(page, "picture")
    wait_until(lambda: page.wait_for_timeout(50) or camera.open == 0, "the camera is still open")
    choose(page, "server")
    page.get_by_role("button", name="Start the camera").click()
    page.wait_for_selector(".card .winner")
    assert_plays(page)


# Pictures


DROP = """
async (name) => {
  const blob = await (await fetch("/static/" + name)).blob();
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([blob], name, { type: blob.type }));
  for (const kind of ["dragenter", "dragover", "drop"]) {
    document.body.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
  }
}
"""


def assert_shows_the_portrait(page):
    wait_for_state(page, "shown")
    assert page.locator(".card [data-part=label]").all_inner_texts() == ["Happy"]
    assert page.locator("#source").inner_text() == "demo.jpg"
    assert page.locator("#size").inner_text() == "512×512"
    assert page.locator("#canvas").is_visible() and page.locator("#veil").is_hidden()
    assert page.locator("#timeline").is_hidden()  # a single picture has none


def test_picture_is_uploaded(server, photo, open_page):
    page = open_page(server.port)
    choose(page, "picture")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a picture").click()
    chooser.value.set_files(photo)
    assert_shows_the_portrait(page)
    page.locator("#file").set_input_files({"name": "words.txt", "mimeType": "text/plain", "buffer": b"no picture"})
    wait_for_state(page, "unreadable")
    assert page.locator(".card .winner").count() == 0
    page.locator("#file").set_input_files(photo)
    assert_shows_the_portrait(page)
    assert page.errors == []


def test_picture_is_dropped(server, open_page):
    page = open_page(server.port)
    page.wait_for_selector(".card .winner")
    page.evaluate(DROP, "demo.jpg")
    assert_shows_the_portrait(page)
    assert page.locator("input[value=picture]").is_checked()
    choose(page, "server")
    assert_plays(page)


# The timeline


INK_ON_CHART = """
() => {
  const canvas = document.querySelector("#chart");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const hue = getComputedStyle(canvas).getPropertyValue("--happy").trim();
  const [red, green, blue] = [1, 3, 5].map((place) => parseInt(hue.slice(place, place + 2), 16));
  let ink = 0;
  for (let at = 0; at < data.length; at += 4) {
    const far = Math.abs(data[at] - red) + Math.abs(data[at + 1] - green) + Math.abs(data[at + 2] - blue);
    if (data[at + 3] > 200 && far < 80) ink += 1;
  }
  return ink;
}
"""


@pytest.mark.parametrize("source", ["server", "browser"])
def test_timeline_fills_and_is_downloaded(server, camera_browser, open_in, tmp_path, source):
    page = open_in(camera_browser, server.port)
    if source == "browser":
        start_camera(page)
    page.wait_for_selector(".card .winner")
    page.locator("#timeline-summary", has_text=re.compile(r"Face \d+ over [2-9] s: happy")).wait_for()
    drawn = page.evaluate(INK_ON_CHART)
    assert drawn > 8, "the curve of happy is not drawn"
    page.locator("#legend button", has_text="happy").click()
    assert page.evaluate(INK_ON_CHART) < drawn / 4
    assert page.locator("#timeline-face option").count() == 2

    texts = {}
    for kind in ("csv", "json"):
        with page.expect_download() as download:
            page.locator(f"#{kind}").click()
        assert re.fullmatch(rf"expressions-[\dT-]+\.{kind}", download.value.suggested_filename)
        texts[kind] = download.value.path().read_text(encoding="utf-8")
    lines, data = list(csv.DictReader(io.StringIO(texts["csv"]))), json.loads(texts["json"])
    fields = ["seconds", "frame", "face", "x", "y", "width", "height", "label", "confidence", "unsure", *EXPRESSIONS]
    assert list(lines[0]) == fields and len(lines) > 10
    assert data["expressions"] == list(EXPRESSIONS) and data["model"] == DEFAULT_MODEL.name
    assert len(data["rows"]) >= len(lines)
    for line, row in zip(lines, data["rows"]):
        assert [float(line["seconds"]), int(line["frame"]), int(line["face"])] == [row["seconds"], row["frame"], row["face"]]
        assert {side: float(line[side]) for side in ("x", "y", "width", "height")} == row["box"]
        assert (line["label"], line["unsure"] == "true") == (row["label"], row["unsure"])
        assert {name: float(line[name]) for name in EXPRESSIONS} == row["probabilities"]
    assert sum(line["label"] == "happy" for line in lines) > 0.9 * len(lines)
    seconds = [row["seconds"] for row in data["rows"]]
    frames = [row["frame"] for row in data["rows"]]
    assert seconds == sorted(seconds) and seconds[0] == 0 and frames == sorted(set(frames))

    choose(page, "picture")  # nothing more is added
    choose(page, source) if source == "browser" else None
    if source == "browser":
        page.locator("#clear").click()
        assert page.locator("#csv").is_disabled()
        assert "No face" in page.locator("#timeline-summary").inner_text()
    assert page.errors == []


def test_timeline_keeps_ten_minutes_and_quotes_what_it_must(server, open_page):
    page = open_page(server.port)
    told = page.evaluate(
        """async () => {
          const { Timeline } = await import("/static/timeline.js");
          const timeline = new Timeline();
          const box = { x: 1, y: 2, width: 3, height: 4 };
          const face = { number: 1, box, label: '=a, "b"', confidence: 0.5, probabilities: { '=a, "b"': 0.5, c: 0.5 } };
          for (let frame = 0; frame < 700 * 4; frame++) timeline.add(frame, [face], 1000 + 250 * frame);
          timeline.add(700 * 4 - 1, [face]);  // the same frame again
          return { rows: timeline.rows.length, first: timeline.rows[0].seconds, now: timeline.now,
                   recent: timeline.recent.length, csv: timeline.csv().split("\\r\\n").slice(0, 2) };
        }"""
    )
    assert told["now"] == 699.75 and 600 <= told["now"] - told["first"] <= 601.5
    assert 2400 <= told["rows"] <= 2406 and 240 <= told["recent"] <= 241
    head, line = csv.reader(io.StringIO("\r\n".join(told["csv"])))
    assert head[-2:] == ["'=a, \"b\"", "c"] and line[7] == "'=a, \"b\""


# For everybody


def serious(page):
    "What axe finds of serious or critical impact, each as a line."
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{problem['id']}: {node['html'][:200]}"
        for problem in found
        if problem["impact"] in ("serious", "critical")
        for node in problem["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width, height", [(1280, 860), (390, 844)])
def test_axe_finds_nothing_serious(server, camera_browser, open_in, photo, scheme, width, height):
    page = open_in(camera_browser, server.port, width, height, color_scheme=scheme)
    page.locator("#csv:enabled").wait_for()
    assert serious(page) == []
    choose(page, "browser")
    assert serious(page) == []
    page.get_by_role("button", name="Start the camera").click()
    page.wait_for_selector(".card .winner")
    page.locator("#legend button", has_text="sad").click()
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    choose(page, "picture")
    assert serious(page) == []
    page.locator("#file").set_input_files(photo)
    wait_for_state(page, "shown")
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_keyboard_reaches_everything(server, camera_browser, open_in):
    page = open_in(camera_browser, server.port, reduced_motion="reduce")
    page.locator("#csv:enabled").wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.value") == "server"
    page.keyboard.press("ArrowRight")
    wait_for_state(page, "asking")
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px" and page.evaluate("document.activeElement.textContent") == "Start the camera"
    page.keyboard.press("Enter")
    wait_for_state(page, "playing")
    reached = []
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
    for name in ("stop", "mirror", "timeline-face", *EXPRESSIONS, "csv", "json", "clear"):
        assert name in reached, reached
    page.locator("#announcement", has_text="Face 1: happy").wait_for(state="attached")
