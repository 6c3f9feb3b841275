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
from helpers import CHROMIUM_ARGUMENTS, LIMIT, ask, find_chromium, running_server, served, wait_until
from steady import LABELS, SHARES, PlayedCamera, SteadyRecognizer

from fer_nb.core import label_colours
from fer_nb.serve import Service

CAMERA = ["--use-fake-device-for-media-stream"]  # a pattern that moves
NAMED = ["--host-resolver-rules=MAP class.example 127.0.0.1"]  # a name that is not localhost, so not secure without HTTPS


def steady(camera):
    "Serve that camera in this process; whatever it shows, the recognizer is steady."
    return served(Service(camera, SteadyRecognizer()))


@pytest.fixture(scope="module")
def port():
    with steady(PlayedCamera()) as port:
        yield port


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
    "With a camera, which a page may use where it was opened with `camera=True`."
    with launch(*CAMERA, *NAMED) as browser:
        yield browser


@pytest.fixture
def open_in():
    "Open the page of a server; the page keeps what it asked for and what went wrong in `requests` and `errors`."
    contexts = []

    def open_at(browser, port, size=(1280, 860), host="127.0.0.1", script=None, camera=False, routes=(), **options):
        options["permissions"] = ["camera"] if camera else []
        contexts.append(browser.new_context(viewport=dict(zip(("width", "height"), size)), **options))
        page = contexts[-1].new_page()
        page.set_default_timeout(1000 * LIMIT)
        page.requests, page.errors = [], []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("console", lambda message: message.type == "error" and page.errors.append(message.text))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        if script:
            page.add_init_script(script)
        for address, answer in dict(routes).items():  # before it is opened: what Chromium loads meanwhile may escape them
            page.route(address, answer)
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
          const told = { time: video?.currentTime, track: track?.readyState, muted: track?.muted };
          return { state: document.querySelector("#page")?.dataset.state, readyState: video?.readyState, ...told };
        }""")
        print(page.url, state, len(page.requests), "requests, the last", page.requests[-3:], page.errors)


@pytest.fixture
def open_page(browser, open_in):
    "Open the page in the browser that all tests share."
    return lambda port, **options: open_in(browser, port, **options)


def choose(page, source):
    "Take another source, as the keyboard would."
    page.locator(f"input[value={source}]").check()


def start_camera(page):
    "Turn to the browser's camera, and press the button."
    choose(page, "browser")
    page.get_by_role("button", name="Start the camera").click()


def wait_for_state(page, state):
    page.wait_for_selector(f"#page[data-state={state}]")


def wait_for_face(page):
    page.wait_for_selector(".card .winner")


def wait_in(page, condition, what):
    "Wait, and let the page's events come in meanwhile."
    wait_until(lambda: page.wait_for_timeout(20) or condition(), what)


def assert_plays(page):
    "The page is live, and its picture moves."
    wait_for_state(page, "playing")
    before = page.locator("#canvas").screenshot()
    wait_until(lambda: page.locator("#canvas").screenshot() != before, "the picture stands still")


def assert_all_from(page, port):
    assert all(url.startswith(f"http://127.0.0.1:{port}/") for url in page.requests), page.requests


# The server's camera


def test_page_shows_what_the_real_server_plays(server, open_page):
    page = open_page(server.port)
    wait_for_face(page)
    assert page.locator("#page").get_attribute("data-state") == "playing"
    assert page.locator("#veil").is_hidden() and page.locator("#empty").is_hidden()
    assert "Eileen Collins" in page.locator("#source").inner_text()
    page.locator("#speed", has_text=re.compile(r"^[1-9][\d.]*$")).wait_for()
    assert page.locator("#canvas").evaluate("canvas => canvas.width / canvas.height") == pytest.approx(640 / 480, abs=0.01)
    assert_plays(page)
    assert_all_from(page, server.port)
    assert page.errors == []


# Whether every bar is as long as its share says; the fill of a bar slides in from the left.
BARS_FIT = """
[...document.querySelectorAll(".row")].every((row) => {
  const [groove, fill] = [".groove", ".fill"].map((part) => row.querySelector(part).getBoundingClientRect());
  const stated = Number(row.querySelector(".fill").style.getPropertyValue("--share"));
  return Math.abs((fill.right - groove.left) / groove.width - stated) < 0.1;
})
"""
READ_CARD = """
() => {
  const card = document.querySelector(".card");
  const text = (part) => card.querySelector(`[data-part=${part}]`).textContent;
  const rows = [...card.querySelectorAll(".row")].map((row) => ({
    name: row.querySelector(".name").textContent, share: row.querySelector(".share").textContent,
    stated: Number(row.querySelector(".fill").style.getPropertyValue("--share")), wins: row.classList.contains("winner"),
  }));
  return { track: text("track"), label: text("label"), confidence: text("confidence"), rows };
}
"""


def test_bars_say_what_the_numbers_say(port, open_page):
    page = open_page(port)
    wait_for_face(page)
    card = page.evaluate(READ_CARD)
    assert (card["track"], card["label"], card["confidence"]) == ("1", "happy", "60%")
    assert [row["name"] for row in card["rows"]] == list(LABELS)
    assert [row["stated"] for row in card["rows"]] == pytest.approx(SHARES.tolist(), abs=1e-4)
    assert [row["share"] for row in card["rows"]] == [f"{100 * share:.0f}%" for share in SHARES]
    assert [row["name"] for row in card["rows"] if row["wins"]] == ["happy"]
    assert page.locator(".card").count() == 1 and page.errors == []
    wait_until(lambda: page.evaluate(BARS_FIT), "the bars don't show the shares")


HUES = """
() => {
  const colour = (element, part) => getComputedStyle(element, part).backgroundColor;
  const bars = [...document.querySelectorAll(".row")].map((it) => [it.dataset.expression, colour(it.querySelector(".fill"))]);
  const curves = [...document.querySelectorAll("#legend button")].map((it) => [it.dataset.curve, colour(it, "::before")]);
  return [bars, curves].map(Object.fromEntries);
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_bars_and_curves_have_the_colours_of_the_labels(port, open_page, scheme):
    page = open_page(port, color_scheme=scheme)
    page.locator("#csv:enabled").wait_for()
    table = {label: getattr(colour, scheme) for label, colour in label_colours(LABELS).items()}
    expected = {label: f"rgb({int(hue[1:3], 16)}, {int(hue[3:5], 16)}, {int(hue[5:], 16)})" for label, hue in table.items()}
    assert page.evaluate(HUES) == [expected, expected]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phone_has_no_sideways_scrolling(port, open_page, scheme):
    page = open_page(port, size=(390, 844), color_scheme=scheme)
    wait_for_face(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("#canvas").bounding_box()["width"] > 300


# What does not fit, in words: sideways scrolling, a fact alone on its line, a figure or a choice that is cut off, a select
# below its heading, and on a phone that lies on its side a first face that is not to be seen without scrolling.
FITS = """
() => {
  const all = (selector) => [...document.querySelectorAll(selector)].filter((it) => it.getClientRects().length);
  const wrong = document.documentElement.scrollWidth > innerWidth ? ["it scrolls sideways"] : [];
  const tops = all(".facts > div").slice(1).map((it) => Math.round(it.getBoundingClientRect().top));
  if (tops.some((top) => tops.filter((other) => other === top).length === 1)) wrong.push("a fact stands alone");
  const cut = all(".share, .name").filter((it) => it.scrollWidth > it.clientWidth);
  wrong.push(...cut.map((it) => `${it.textContent} is cut off`));
  const [select, heading] = all("#timeline-face, #timeline-heading").reverse().map((it) => it.getBoundingClientRect());
  if (Math.abs(select.top + select.bottom - heading.top - heading.bottom) > heading.height) wrong.push("the select is below");
  const pen = document.createElement("canvas").getContext("2d");
  for (const it of all("#timeline-face")) {
    const { font, paddingLeft } = getComputedStyle(it);
    pen.font = font;
    const word = it.selectedOptions[0].textContent;
    if (pen.measureText(word).width + parseFloat(paddingLeft) > it.clientWidth) wrong.push(`${word} is cut off`);
  }
  const card = all(".card")[0]?.getBoundingClientRect();
  if (innerWidth > innerHeight && card?.bottom > innerHeight) wrong.push("the first face is below the screen");
  return wrong.join(", ");
}
"""


@pytest.mark.parametrize("size", [(390, 844), (844, 390), (1280, 860)])
def test_nothing_is_cut_off_or_alone(server, open_page, size):
    page = open_page(server.port, size=size)
    wait_for_face(page)
    wait_until(lambda: page.evaluate(FITS) == "", page.evaluate(FITS))


def test_page_says_that_there_is_no_face_and_that_the_camera_is_gone(open_page):
    camera = PlayedCamera()
    with steady(camera) as port:
        page = open_page(port)
        wait_for_face(page)

        camera.shows = "wall"
        page.wait_for_selector("#empty:visible")
        assert page.locator("#empty-title").inner_text() == "No face in view"
        assert page.locator(".card").count() == 0

        camera.shows = "nothing"
        wait_for_state(page, "gone")
        assert page.locator("#veil").is_visible()
        assert page.locator("#veil-title").inner_text() == "Waiting for the camera"
        assert page.locator("#veil-message").inner_text() == "The camera 0 gives no more frames; plug it in."

        camera.shows = "bar"
        wait_for_state(page, "playing")
        wait_for_face(page)
        assert page.locator("#veil").is_hidden()
        assert page.errors == []


def test_servers_camera_opens_when_asked_and_is_released_when_nobody_watches(open_page):
    camera = PlayedCamera(is_webcam=True)
    with steady(camera) as port:
        page = open_page(port)
        page.get_by_role("button", name="Start the camera").wait_for()
        assert "not an emotion" in page.locator("#veil-message").inner_text()
        assert camera.open == 0
        page.get_by_role("button", name="Start the camera").click()
        wait_for_face(page)
        assert camera.open == 1
        choose(page, "picture")
        wait_in(page, lambda: camera.open == 0, "the camera is still open")
        choose(page, "server")
        page.get_by_role("button", name="Start the camera").click()
        wait_for_face(page)
        assert_plays(page)


def test_pages_say_that_the_server_is_frozen_or_gone_and_go_on(project, open_page):
    "One page watches the server's camera, another sends its own."
    with running_server("--source", "demo", project=project) as process:
        pages = [open_page(process.port), open_page(process.port, camera=True)]
        start_camera(pages[1])
        for page in pages:
            wait_for_state(page, "playing")
        process.send_signal(signal.SIGSTOP)  # the connections stay open, and nothing comes
        for page in pages:
            wait_for_state(page, "silent")
            assert "server does not answer" in page.locator("#veil-title").inner_text()
        process.send_signal(signal.SIGCONT)
        for page in pages:
            wait_for_state(page, "playing")
    for page in pages:
        wait_for_state(page, "silent")
    with running_server("--source", "demo", project=project, port=process.port):
        assert_plays(pages[0])
        wait_for_state(pages[1], "playing")


def test_ten_tabs_play_and_take_a_picture(browser, open_in, photo):
    "Browsers keep six connections to a server at most, over all tabs; every tab moves, and none hangs."
    with steady(PlayedCamera()) as port:
        pages = [open_in(browser, port)]
        for _ in range(9):  # in one context, as the tabs of one window
            pages.append(pages[0].context.new_page())
            pages[-1].set_default_timeout(1000 * LIMIT)
            pages[-1].requests, pages[-1].errors = [], []
            pages[-1].goto(f"http://127.0.0.1:{port}/", wait_until="commit")
        for page in pages:
            wait_for_face(page)
        choose(pages[9], "picture")
        pages[9].locator("#file").set_input_files(photo)
        wait_for_state(pages[9], "shown")
        for page in pages[:9]:
            page.bring_to_front()
            assert_plays(page)


HIDE = """
(hidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  Object.defineProperty(document, "visibilityState", { configurable: true, get: () => (hidden ? "hidden" : "visible") });
  document.dispatchEvent(new Event("visibilitychange"));
}
"""


def test_a_hidden_tab_keeps_no_camera_on(open_page):
    camera = PlayedCamera()
    with steady(camera) as port:
        page = open_page(port, camera=True)
        wait_for_face(page)
        page.evaluate(HIDE, True)
        wait_in(page, lambda: camera.open == 0, "the server's camera is still open")
        asked = len(page.requests)
        page.wait_for_timeout(500)
        assert len(page.requests) == asked
        page.evaluate(HIDE, False)
        wait_in(page, lambda: camera.open == 1, "the server's camera is not opened again")
        assert_plays(page)

        start_camera(page)
        wait_for_face(page)
        page.evaluate(HIDE, True)
        wait_for_state(page, "paused")
        assert page.evaluate("document.querySelector('video').srcObject") is None
        page.evaluate(HIDE, False)
        wait_for_state(page, "playing")
        assert page.errors == []


@pytest.mark.parametrize(
    "status, sentence",
    [(401, "This server asks for its token"), (403, "so it is refused"), (429, "You send more than"), (503, "streams are")],
)
def test_the_page_names_a_refusal_and_goes_on(port, open_page, status, sentence):
    page = open_page(port)
    wait_for_face(page)
    page.route("**/api/live?*", lambda route: route.fulfill(status=status, json={"error": f"{sentence} ..."}))
    wait_for_state(page, "refused")
    assert sentence in page.locator("#veil-message").inner_text()
    page.unroute("**/api/live?*")
    wait_for_state(page, "playing")


def test_the_page_explains_what_a_proxy_refuses(port, open_page, photo):
    too_large = {"status": 413, "body": "<html>413 Request Entity Too Large</html>"}
    page = open_page(port, routes={"**/api/predict": lambda route: route.fulfill(**too_large)})
    choose(page, "picture")
    page.locator("#file").set_input_files(photo)
    wait_for_state(page, "refused")
    assert "client_max_body_size" in page.locator("#veil-message").inner_text()


def test_a_picture_that_is_chosen_before_the_script_has_come_is_read(port, open_in, browser, photo):
    held = []
    page = open_in(browser, port, routes={"**/static/page.js": lambda route: held.append(route)})
    choose(page, "picture")
    page.locator("#file").set_input_files(photo)
    wait_in(page, lambda: held, "the page has not asked for its script")
    held[0].continue_()
    wait_for_state(page, "shown")


def test_a_large_photograph_is_made_smaller(port, open_page, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (1500, 2000, 3), np.uint8)
    large = cv2.imencode(".jpg", cv2.resize(noise, (4000, 3000)), [cv2.IMWRITE_JPEG_QUALITY, 95])[1]
    (tmp_path / "large.jpg").write_bytes(large)
    assert (tmp_path / "large.jpg").stat().st_size > 3_000_000
    page = open_page(port)
    choose(page, "picture")
    with page.expect_request("**/api/predict") as sent:
        page.locator("#file").set_input_files(tmp_path / "large.jpg")
    wait_for_state(page, "shown")
    assert 10_000 < int(sent.value.all_headers()["content-length"]) < 2**20  # what nginx lets through
    assert page.locator("#size").inner_text() == "4000×3000"


# The browser's own camera


SCRAMBLED = """
CanvasRenderingContext2D.prototype.getImageData = (x, y, width, height) => {
  const noise = new ImageData(width, height);
  crypto.getRandomValues(noise.data);
  return noise;
};
"""


def test_a_browser_that_scrambles_pictures_is_told_of(port, open_page):
    page = open_page(port, camera=True, script=SCRAMBLED)
    start_camera(page)
    assert_offers(page, "This browser scrambles pictures", "Try again", "Use a picture instead", SERVER_OFFER)


def test_a_camera_that_is_held_upright_gives_its_whole_picture(port, launch, open_in, tmp_path):
    upright = np.zeros((640, 480, 3), np.uint8)
    upright[:40], upright[-40:] = (0, 0, 255), (255, 0, 0)  # red above, blue below
    (tmp_path / "upright.mjpeg").write_bytes(cv2.imencode(".jpg", upright)[1].tobytes() * 2)
    with launch(*CAMERA, f"--use-file-for-fake-video-capture={tmp_path / 'upright.mjpeg'}") as browser:
        page = open_in(browser, port, camera=True)
        start_camera(page)
        wait_for_state(page, "playing")
        assert page.evaluate("[video.videoWidth, video.videoHeight]") == [480, 640]


def test_another_camera_takes_the_place_of_one_that_is_gone(port, open_page):
    "The one that was chosen is gone; trying again takes any other."
    page = open_page(port, camera=True, script=COUNT_ASKING)
    start_camera(page)
    wait_for_face(page)
    page.evaluate("""() => {
      const devices = document.querySelector("#devices");
      devices.replaceChildren(new Option("Gone", "no-such-device"));
      devices.dispatchEvent(new Event("change"));
    }""")
    wait_in(page, lambda: page.evaluate("navigator.mediaDevices.asked") == 3, "no other camera is asked for")
    wait_for_state(page, "playing")


COUNT_ASKING = """
navigator.mediaDevices.asked = 0;
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = (wish) => { navigator.mediaDevices.asked += 1; return ask(wish); };
"""


def test_browser_camera_is_asked_for_and_read(port, open_page):
    page = open_page(port, camera=True, script=COUNT_ASKING)
    choose(page, "browser")
    wait_for_state(page, "asking")
    says = page.locator("#veil").inner_text()
    for part in ("how likely each expression is", "not an emotion", "to this server only", "nothing is stored"):
        assert part in says
    assert page.evaluate("navigator.mediaDevices.asked") == 0  # nothing opens before the button
    page.get_by_role("button", name="Start the camera").click()
    wait_for_face(page)
    assert page.evaluate("navigator.mediaDevices.asked") == 1
    assert page.locator(".card").count() == 1 and page.locator("#veil").is_hidden()
    assert page.locator("#canvas").is_visible()
    wait_until(lambda: page.locator("#speed").inner_text() not in ("–", "0.0"), "no speed is shown")
    assert page.locator("#delay").is_visible() and int(page.locator("#dropped").inner_text()) >= 0
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    assert page.context.cookies() == []
    assert_all_from(page, port)

    page.get_by_role("button", name="Stop the camera").click()
    wait_for_state(page, "asking")
    assert page.evaluate("document.querySelector('video').srcObject") is None
    wait_in(page, lambda: any(url.endswith("/end") for url in page.requests), "the session is not ended")
    page.get_by_role("button", name="Start the camera").click()
    page.locator(".card [data-part=track]", has_text=re.compile("^2$")).wait_for()  # who it is now, nobody knows
    assert page.errors == []


def test_source_chosen_before_the_script_came_is_kept(port, open_page):
    early = "document.onreadystatechange = () => { document.querySelector('input[value=picture]').checked = true; }"
    page = open_page(port, script=early)
    wait_for_state(page, "choosing")
    assert page.locator("#canvas").is_hidden()  # and the server's camera is never asked for
    assert not any("/api/live" in url for url in page.requests)


def test_session_ends_with_the_page(port, open_page, photo):
    page = open_page(port, camera=True)
    start_camera(page)
    wait_for_face(page)
    [session] = {match[1] for match in map(re.compile(r"session=([\w-]+)").search, page.requests) if match}
    page.goto("about:blank")
    path = f"/api/frames?session={session}&frame=9999"
    wait_until(lambda: ask(port, "POST", path, photo.read_bytes())[0] == 410, "the session is not ended")


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
const faceAt = (left, top, side) => {
  const probabilities = { happy: 0.9, sad: 0.1 };
  const box = { left, top, width: side, height: side };
  return { track: 1, ...box, label: "happy", confidence: 0.9, unsure: false, probabilities, raw: probabilities };
};
"""
# A server that finds it, but holds frames until there are two and answers the later one first.
SQUARES = MOVING + """
window.seen = { sizes: new Set(), underWay: 0, most: 0, types: new Set() };
const held = [];
const post = window.fetch.bind(window);
window.fetch = async (address, options) => {
  if (!address.includes("api/frames")) return post(address, options);
  seen.most = Math.max(seen.most, ++seen.underWay);
  seen.types.add(options.body.type);
  const { width, height, first, side } = await createImageBitmap(options.body).then((image) => {
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
  const faces = [faceAt(first, (height - side) / 2, side)];
  const frame = Number(new URL(address, location).searchParams.get("frame"));
  return new Response(JSON.stringify({ source: "", frame, seconds: 1, width, height, faces, dropped: false, drops: 0 }));
};
"""
# Left edges of the white square and of the box, in pixels of the canvas, until the square was seen at that many places.
EDGES = """
async (wanted) => {
  const canvas = document.querySelector("#canvas");
  const edges = () => {
    const { data } = canvas.getContext("2d").getImageData(0, Math.round(canvas.height / 2), canvas.width, 1);
    const first = (fits) => {
      for (let x = 0; x < canvas.width; x++) if (fits(data[4 * x], data[4 * x + 2])) return x;
      return -1;
    };
    return [first((red, blue) => red > 200 && blue > 200), first((red, blue) => red > 200 && blue < 100)];
  };
  const seen = new Map();
  for (let turn = 0; turn < 1000 && seen.size < wanted; turn++) {
    await new Promise(requestAnimationFrame);
    const [square, box] = edges();
    if (Math.abs(square - box) > 5) return [[square, box]];  // the next frame's square is about 24 away
    seen.set(square, box);
  }
  return [...seen];
}
"""


@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (480, 960)])
def test_boxes_belong_to_the_frame_under_them(port, open_page, size):
    page = open_page(port, script=SQUARES % size)
    start_camera(page)
    wait_for_face(page)
    edges = page.evaluate(EDGES, 8)
    assert len(edges) == 8 and all(square >= 0 and abs(square - box) <= 5 for square, box in edges), edges
    told = page.evaluate("({ ...seen, sizes: [...seen.sizes], types: [...seen.types] })")
    assert told["most"] == 2 and told["types"] == ["image/jpeg"]
    assert told["sizes"] == [{(640, 480): "640x480", (1280, 720): "640x360", (480, 960): "320x640"}[size]]
    assert page.locator(".card .row").count() == 2  # the rows are those of the face, should a model know other expressions
    assert page.errors == []


# A server that drops every other frame, and is unsure about the rest.
DROPPING = MOVING + """
const post = window.fetch.bind(window);
window.fetch = async (address, options) => {
  if (!address.includes("api/frames")) return post(address, options);
  const frame = Number(new URL(address, location).searchParams.get("frame"));
  const faces = [{ ...faceAt(9, 9, 90), unsure: true }];
  const found = { source: "", frame, seconds: 1, width: 640, height: 480, faces, dropped: false };
  return new Response(JSON.stringify({ ...(frame & 1 ? { frame, dropped: true } : found), drops: 40 + frame }));
};
"""


def test_drops_are_counted(port, open_page):
    page = open_page(port, script=DROPPING % (640, 480))
    start_camera(page)
    page.wait_for_selector(".card.unsure")
    assert page.locator(".card [data-part=label]").inner_text() == "Unsure"
    assert page.locator(".card [data-part=confidence]").inner_text() == "at best happy 90%"
    wait_until(lambda: int(page.locator("#dropped").inner_text()) > 42, "the server's drops are not shown")


def test_a_session_that_ended_is_opened_anew_and_a_busy_server_is_spared(port, open_page):
    page = open_page(port, camera=True)
    start_camera(page)
    wait_for_face(page)

    def sessions():
        return sum(url.endswith("/api/sessions") for url in page.requests)

    assert sessions() == 1
    page.route("**/api/frames*", lambda route: route.fulfill(status=410, json={"error": "The session ended."}), times=1)
    wait_in(page, lambda: sessions() == 2, "no new session is opened")
    # Its faces are new ones, so they get new numbers.
    page.locator(".card [data-part=track]", has_text=re.compile("^2$")).wait_for()

    refused = []

    def refuse(route):
        refused.append(time.monotonic())
        route.fulfill(status=429, json={"error": "Too many requests."})

    page.route("**/api/frames*", refuse, times=3)
    page.wait_for_selector("#notice:visible")
    assert "busy" in page.locator("#notice").inner_text()
    assert len(refused) == 3 and refused[2] - refused[1] > 0.15  # a slow machine only makes it more
    page.wait_for_selector("#notice[hidden]", state="attached")
    assert page.locator("#page").get_attribute("data-state") == "playing"


def assert_offers(page, title, *offers):
    "The veil says why there is no camera, and offers other ways."
    page.locator("#veil-title", has_text=title).wait_for()
    assert page.locator("#page").get_attribute("data-tone") == "gone"
    assert page.locator("#actions button").all_inner_texts() == list(offers)


SERVER_OFFER = "Watch the server: A played camera"


def test_page_says_that_permission_was_denied(port, open_page):
    page = open_page(port)
    start_camera(page)
    assert_offers(page, "The camera is not allowed", "Try again", "Use a picture instead", SERVER_OFFER)
    page.get_by_role("button", name=SERVER_OFFER).click()
    wait_for_face(page)


def test_page_says_that_there_is_no_camera(port, launch, open_in):
    with launch() as browser:
        page = open_in(browser, port, camera=True)
        start_camera(page)
        assert_offers(page, "There is no camera", "Try again", "Use a picture instead", SERVER_OFFER)
        page.get_by_role("button", name="Use a picture instead").click()
        wait_for_state(page, "choosing")


def test_page_says_that_the_camera_is_in_use(port, open_page):
    busy = "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('in use', 'NotReadableError'); }"
    page = open_page(port, script=busy)
    start_camera(page)
    assert_offers(page, "The camera can't be opened", "Try again", "Use a picture instead", SERVER_OFFER)


def test_page_says_that_a_camera_needs_https(port, open_page):
    page = open_page(port, host="class.example")
    wait_for_face(page)  # the server's camera needs none
    choose(page, "browser")
    assert_offers(page, "No camera without HTTPS", "Use a picture instead", SERVER_OFFER)


def test_page_says_that_the_camera_was_unplugged(port, open_page):
    page = open_page(port, camera=True)
    start_camera(page)
    wait_for_face(page)
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
    wait_for_face(page)


# Pictures


DROP = """
async (name) => {
  const blob = await (await fetch("static/" + name)).blob();
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
    assert page.locator(".card [data-part=track]").all_inner_texts() == ["1"]
    assert page.locator("#source").inner_text() == "demo.jpg"
    assert page.locator("#size").inner_text() == "512×512"
    assert page.locator("#canvas").is_visible() and page.locator("#veil").is_hidden()
    assert page.locator("#timeline").is_hidden()  # a single picture has none


def test_picture_is_uploaded(port, photo, open_page):
    page = open_page(port)
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


def test_picture_is_dropped(port, open_page):
    page = open_page(port)
    wait_for_face(page)
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
  const hue = getComputedStyle(document.querySelector("[data-curve=happy]")).getPropertyValue("--hue");
  const [red, green, blue] = [1, 3, 5].map((place) => parseInt(hue.slice(place, place + 2), 16));
  let ink = 0;
  for (let at = 0; at < data.length; at += 4) {
    const far = Math.abs(data[at] - red) + Math.abs(data[at + 1] - green) + Math.abs(data[at + 2] - blue);
    if (data[at + 3] > 200 && far < 80) ink += 1;
  }
  return ink;
}
"""
PLACE = ["left", "top", "width", "height"]
COLUMNS = ["source", "frame", "seconds", "track", *PLACE, "label", "confidence", "unsure"]  # as the table has them


def downloaded(page, kind):
    "The text of the timeline as CSV or JSON."
    with page.expect_download() as download:
        page.locator(f"#{kind}").click()
    assert re.fullmatch(rf"expressions-[\dT-]+\.{kind}", download.value.suggested_filename)
    return download.value.path().read_text(encoding="utf-8")


def assert_line_says(line, frame, face):
    "A line of the CSV is a face of a frame of the JSON."
    assert [line["source"], int(line["frame"])] == [frame["source"], frame["frame"]]
    assert float(line["seconds"]) == frame["seconds"]
    assert [int(line["track"]), line["label"]] == [face["track"], face["label"]]
    assert [float(line[name]) for name in (*PLACE, "confidence")] == [face[name] for name in (*PLACE, "confidence")]
    assert line["unsure"] == json.dumps(face["unsure"])
    for kind in ("probabilities", "raw"):
        assert {label: float(line[f"{kind}_{label}"]) for label in LABELS} == face[kind]


@pytest.mark.parametrize("source", ["server", "browser"])
def test_timeline_fills_and_is_downloaded(port, open_page, source):
    page = open_page(port, camera=True)
    if source == "browser":
        start_camera(page)
    wait_for_face(page)
    page.locator("#timeline-summary", has_text=re.compile(r"Face 1 over [2-9] s: happy")).wait_for()
    drawn = page.evaluate(INK_ON_CHART)
    assert drawn > 8, "the curve of happy is not drawn"
    page.locator("#legend button", has_text="happy").click()
    assert page.evaluate(INK_ON_CHART) < drawn / 4
    assert page.locator("#timeline-face option").count() == 2

    lines = list(csv.DictReader(io.StringIO(downloaded(page, "csv"))))
    data = json.loads(downloaded(page, "json"))
    assert list(lines[0]) == [*COLUMNS, *(f"{kind}_{label}" for kind in ("probabilities", "raw") for label in LABELS)]
    assert data["model"] == "steady" and len(lines) > 5
    assert all(set(frame) == {"source", "frame", "seconds", "width", "height", "faces"} for frame in data["frames"])
    rows = [(frame, face) for frame in data["frames"] for face in frame["faces"]]
    assert len(rows) >= len(lines)
    for line, row in zip(lines, rows):
        assert_line_says(line, *row)
    assert {line["source"] for line in lines} == {page.locator("#source").inner_text()}
    seconds, frames = ([frame[name] for frame in data["frames"]] for name in ("seconds", "frame"))
    assert seconds == sorted(seconds) and seconds[0] == 0 and frames == sorted(set(frames))

    choose(page, "picture")  # nothing more is added
    choose(page, source) if source == "browser" else None
    if source == "browser":
        page.locator("#clear").click()
        assert page.locator("#csv").is_disabled()
        assert "No face" in page.locator("#timeline-summary").inner_text()
    assert page.errors == []


def test_timeline_keeps_ten_minutes_and_quotes_what_it_must(port, open_page):
    page = open_page(port)
    told = page.evaluate(
        """async () => {
          const { Timeline } = await import("/static/timeline.js");
          const timeline = new Timeline();
          const probabilities = { 'a, "b"': 0.5, c: 0.5 };
          const box = { left: 1, top: 2, width: 3, height: 4 };
          const said = { label: '=a, "b"', confidence: 0.5, unsure: false, probabilities, raw: probabilities };
          const face = { track: 1, ...box, ...said };
          const add = (frame, moment) => timeline.add({ source: "+1", frame, width: 64, height: 48, faces: [face] }, moment);
          for (let frame = 0; frame < 700 * 4; frame++) add(frame, 1000 + 250 * frame);
          add(700 * 4 - 1, 1e7);  // the same frame again
          return { rows: timeline.frames.length, first: timeline.frames[0].seconds, now: timeline.now, faces: timeline.faces,
                   recent: timeline.recent.length, csv: timeline.csv().split("\\r\\n").slice(0, 2) };
        }"""
    )
    assert told["now"] == 699.75 and 600 <= told["now"] - told["first"] <= 601.5
    assert 2400 <= told["rows"] == told["faces"] <= 2406 and 240 <= told["recent"] <= 241
    head, line = csv.reader(io.StringIO("\r\n".join(told["csv"])))
    shares = [f"{kind}_{label}" for kind in ("probabilities", "raw") for label in ('a, "b"', "c")]
    assert head == [*COLUMNS, *shares]
    assert line[:1] + line[3:] == ["'+1", "1", "1", "2", "3", "4", "'=a, \"b\"", "0.5", "false", *4 * ["0.5"]]


# For everybody


def serious(page):
    "What axe finds of serious or critical impact, each as a line."
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{problem['id']}: {node['html'][:200]}"
        for problem in found
        if problem["impact"] in ("serious", "critical")
        for node in problem["nodes"]
    ]


def assert_fits_everybody(page):
    "In light and dark, on a desk and on a phone: nothing serious, and no scrolling sideways."
    for scheme, (width, height) in itertools.product(("light", "dark"), ((1280, 860), (390, 844))):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": height})
        assert serious(page) == [], (scheme, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_axe_finds_nothing_serious(port, open_page, photo):
    page = open_page(port, camera=True)
    page.locator("#csv:enabled").wait_for()
    assert_fits_everybody(page)
    choose(page, "browser")
    assert_fits_everybody(page)
    page.get_by_role("button", name="Start the camera").click()
    wait_for_face(page)
    page.locator("#legend button", has_text="sad").click()
    assert_fits_everybody(page)
    choose(page, "picture")
    assert_fits_everybody(page)
    page.locator("#file").set_input_files(photo)
    wait_for_state(page, "shown")
    assert_fits_everybody(page)


def test_keyboard_reaches_everything(port, open_page):
    page = open_page(port, camera=True, reduced_motion="reduce")
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
    for name in ("stop", "mirror", "timeline-face", *LABELS, "csv", "json", "clear"):
        assert name in reached, reached
    page.locator("#announcement", has_text="Face 1: happy").wait_for(state="attached")
