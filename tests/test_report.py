"""The report in a real browser: it loads nothing, and anyone can read it, light and dark, wide and narrow, and mark in it."""
import json
import os

import numpy as np
import pyarrow as pa
import pytest
from helpers import CHROMIUM_ARGUMENTS, find_chromium, wait_until

from fer_nb.core import EXPRESSIONS
from fer_nb.report import apply_marks, write_report
from fer_nb.sources import ClipWriter
from fer_nb.table import table_schema, write_table

SCRIPT = "<script>alert(1)</script>.mp4"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    "Two minutes of two people and a still, with unsure stretches, a pause, an error, and a name that tries to be a script."
    folder, rows = tmp_path_factory.mktemp("report"), []
    random = np.random.default_rng(0)
    for number in range(600):
        for track in (1, 2):
            if track == 2 and 200 <= number < 300:
                continue
            p = random.dirichlet(np.ones(7)) * 0.6 + 0.4 * np.eye(7)[(number // 40 + track) % 7]
            shown = {f"{kind}_{name}": value for kind in ("raw", "probabilities") for name, value in zip(EXPRESSIONS, p)}
            place = {"source": SCRIPT, "frame": number, "seconds": number / 5, "track": track}
            box = {"left": 9, "top": 9, "width": 60, "height": 60, "size": 60}
            label = {"label": EXPRESSIONS[p.argmax()], "confidence": p.max(), "unsure": bool(p.max() < 0.5)}
            about = {"sharpness": 300 * p.max(), "model": "own", "model_hash": "0" * 16}
            rows.append({**place, **box, **shown, **label, **about})
    rows.append({**rows[0], "source": "still.jpg", "frame": 0, "seconds": None, "track": None})
    write_table(folder / "faces.parquet", [pa.RecordBatch.from_pylist(rows, table_schema())], table_schema())
    (folder / "faces.errors.csv").write_text(f"source,frame,seconds,error\n{SCRIPT},600,120.0,{SCRIPT} is damaged.\n")
    write_report(folder / "faces.parquet", folder / "report.html")
    return folder / "report.html"


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_report(report, browser, scheme, width):
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    requests, problems = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("dialog", lambda dialog: (problems.append(dialog.message), dialog.dismiss()))
    page.goto(report.as_uri())
    assert page.locator("svg[role=img]").count() == page.locator("article").count() == 2
    assert page.get_by_text(SCRIPT).count() >= 4  # as a name, not as a script
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found] == []
    assert [url for url in requests if not url.startswith("data:")] == [report.as_uri()]
    assert problems == []
    page.close()


@pytest.fixture
def table(tmp_path):
    "A video of ten seconds with three tracks, of which the second and the third are one person, and its table."
    clip, rows = tmp_path / "clip.mp4", []
    with ClipWriter(clip) as writer:
        for number in range(100):
            writer.write(np.full((96, 128, 3), 2 * number, np.uint8), number / 10)
    p = {f"{kind}_{name}": float(name == "happy") for kind in ("raw", "probabilities") for name in EXPRESSIONS}
    about = {"label": "happy", "confidence": 1.0, "unsure": False, "sharpness": 300.0, "model": "own", "model_hash": "0" * 16}
    for number in range(100):
        for track, left in ((1, 5), (2 if number < 40 else 3, 60)):
            if track == 2 or track == 1 or number >= 60:
                box = {"left": left, "top": 9, "width": 40, "height": 40, "size": 40}
                rows.append({"source": str(clip), "frame": number, "seconds": number / 10, "track": track, **box, **p, **about})
    write_table(tmp_path / "faces.csv", [pa.RecordBatch.from_pylist(rows, table_schema())], table_schema())
    return tmp_path / "faces.csv"


@pytest.fixture
def open_report(browser, table):
    "Make the report and open it; all pages have one storage, as in one person's browser. A page's error fails the test."
    context, problems = browser.new_context(accept_downloads=True), []

    def open_page(make=True):
        if make:
            write_report(table, table.with_suffix(".html"), pictures=False)
        page = context.new_page()
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(table.with_suffix(".html").as_uri())
        return page

    yield open_page
    context.close()
    assert problems == []


def save(page, path):
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the marks").click()
    assert download.value.suggested_filename == path.name
    download.value.save_as(path)


def press(page, name, key="Enter"):
    "As somebody does who has no mouse: to the control, and a key."
    page.get_by_role("button", name=name, exact=True).focus()
    page.keyboard.press(key)


def test_marking_with_the_keyboard(open_report, table):
    from axe_playwright_python.sync_playwright import Axe

    page = open_report()
    moment, now, status = page.get_by_label("Moment"), page.locator("#now"), page.locator("#marking-status")
    assert now.inner_text() == "0:00.0: track 1 happy; track 2 happy"
    moment.focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    assert moment.get_attribute("aria-valuetext") == "0:02.0"
    press(page, "Begin at the moment")
    press(page, "Ahead 1 s", "Space")
    press(page, "End at the moment")
    press(page, "Add the span")
    assert status.inner_text() == "Added: excluded, 0:02.0 to 0:03.0. Not in faces.marks.json yet."
    assert now.inner_text() == "0:03.0: track 1 happy; track 2 happy [excluded]"
    page.get_by_label("From", exact=True).fill("0:05")
    page.get_by_label("To", exact=True).fill("4")
    press(page, "Add the span")
    assert "two times" in status.inner_text() and page.locator("#begin:focus").count() == 1
    page.get_by_label("To", exact=True).fill("0:07.5")
    page.get_by_label("It is").select_option("an event")
    page.get_by_label("Name of the event").fill("the <b>joke</b>")
    page.keyboard.press("Enter")
    for track in (2, 3):
        page.get_by_label(f"Name of track {track}").focus()
        page.keyboard.type("Anna")
        page.keyboard.press("Tab")
    assert status.inner_text().startswith("Track 3 is Anna; 2 tracks of that name are one.")
    assert page.locator("[aria-label='Go to track 3']:focus").count() == 1
    press(page, "Go to track 3")
    assert now.inner_text() == "0:06.0: track 1 happy; Anna (track 3) happy [the <b>joke</b>]"
    assert [one["id"] for one in Axe().run(page).response["violations"]] == []
    save(page, table.with_name("faces.marks.json"))
    applied = apply_marks(table)
    assert applied.num_rows == 180 - 2 * 11
    assert {*zip(applied["track"].to_pylist(), applied["name"].to_pylist())} == {(1, None), (2, "Anna")}
    assert {row["seconds"] for row in applied.to_pylist() if row["event"]} == {number / 10 for number in range(50, 76)}
    assert {row["event"] for row in applied.to_pylist()} == {None, "the <b>joke</b>"}


def test_marks_outlive_the_page_and_a_new_report(open_report, table):
    from playwright.sync_api import expect

    marks = table.with_name("faces.marks.json")
    page = open_report()
    page.get_by_label("Name of track 1").fill("Bo")
    page.keyboard.press("Tab")
    page.close()
    page = open_report(make=False)  # never saved
    assert page.get_by_label("Name of track 1").input_value() == "Bo"
    assert "which are not in faces.marks.json" in page.locator("#marking-status").inner_text()
    save(page, marks)
    page.close()
    page = open_report()  # made anew, beside its marks
    assert page.get_by_label("Name of track 1").input_value() == "Bo" and page.locator("#marking-status").inner_text() == ""
    assert page.get_by_role("heading", name="Track 1: Bo").count() == 1
    page.get_by_label("Name of track 1").fill("Cleo")
    page.get_by_label("Name of track 2").fill("Di")
    page.keyboard.press("Tab")
    page.get_by_label("Add the marks of a file").set_input_files(marks)
    expect(page.locator("#marking-status")).to_contain_text("Added what faces.marks.json holds.")
    assert [page.get_by_label(f"Name of track {track}").input_value() for track in (1, 2)] == ["Bo", "Di"]
    page.get_by_label("Add the marks of a file").set_input_files(table)
    expect(page.locator("#marking-status")).to_have_text("faces.csv does not hold marks of a report.")
    page.get_by_role("button", name="Back to the saved marks").click()
    assert [page.get_by_label(f"Name of track {track}").input_value() for track in (1, 2)] == ["Bo", ""]
    page.get_by_label("Name of track 2").fill("Bo")
    page.keyboard.press("Tab")
    assert "and so is track 1 at the same time" in page.locator("#marking-status").inner_text()
    for track in (1, 2):
        page.get_by_label(f"Name of track {track}").fill("")
        page.keyboard.press("Tab")
    save(page, marks)
    assert json.loads(marks.read_text()) == {"spans": [], "names": []}


def test_a_span_is_removed_and_the_video_follows(open_report, table):
    spans = [{"source": str(table.with_name("clip.mp4")), "begin": 2, "end": 3, "kind": "excluded"}]
    table.with_name("faces.marks.json").write_text(json.dumps({"spans": spans, "names": []}))
    page = open_report()
    assert "1 excluded span" in page.locator("header").inner_text()
    page.get_by_label("Show the video").set_input_files(table.with_name("clip.mp4"))
    video = page.locator("#video")  # the page forbids `eval`, so that no function can be waited for in it
    wait_until(lambda: video.evaluate("one => one.readyState") >= 2, "the video does not open")
    page.get_by_role("button", name="Go to excluded, 0:02.0 to 0:03.0").click()
    wait_until(lambda: not video.evaluate("one => one.seeking"), "the video does not follow")
    assert video.evaluate("one => one.currentTime") == 2
    brightness = video.evaluate("""one => {
        const canvas = document.createElement("canvas"), paint = canvas.getContext("2d");
        paint.drawImage(one, 0, 0, 8, 8);
        return paint.getImageData(4, 4, 1, 1).data[0];
    }""")
    assert abs(brightness - 40) < 8  # of the frame of that moment
    page.get_by_role("button", name="Remove excluded, 0:02.0 to 0:03.0").click()
    assert page.locator("#spans-title:focus").count() == 1
    assert "None in this source." in page.locator("#marking").inner_text()
