"""The report in a real browser: nothing is loaded or run, and anyone can read it, in light and dark, wide and narrow."""
import os

import numpy as np
import pyarrow as pa
import pytest
from helpers import CHROMIUM_ARGUMENTS, find_chromium

from fer_nb.core import EXPRESSIONS
from fer_nb.report import write_report
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
