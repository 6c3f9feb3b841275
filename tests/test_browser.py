"""The page in a real browser: what it shows of the demo, of a camera that goes away, and of a server that does."""
import os
import re
import signal
import time

import numpy as np
import pytest
from helpers import CHROMIUM_ARGUMENTS, LIMIT, find_chromium, running_server, wait_until

from fer_nb.camera import CameraError, demo_frames
from fer_nb.core import EXPRESSIONS


@pytest.fixture(scope="module")
def browser():
    "Headless Chromium; where there is none the tests are skipped, but in CI they fail."
    try:
        from playwright.sync_api import sync_playwright

        missing = None if find_chromium() else "There is no Chromium or Chrome on this machine."
    except ImportError:
        missing = "Playwright is not installed; run `pip install playwright`."
    if missing:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser):
    "Open the page of a server; the page keeps what it asked for and what went wrong in `requests` and `errors`."
    contexts = []

    def open_at(port, width=1280, height=860, **options):
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **options))
        page = contexts[-1].new_page()
        page.set_default_timeout(1000 * LIMIT)
        page.requests, page.errors = [], []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("console", lambda message: message.type == "error" and page.errors.append(message.text))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(f"http://127.0.0.1:{port}/", wait_until="commit")  # the streams never end, so the page is never idle
        return page

    yield open_at
    for context in contexts:
        context.close()


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
              stated: Number(row.querySelector(".fill").style.getPropertyValue("--share")), wins: row.classList.contains("winner"),
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
