"""The page in Firefox, over WebDriver BiDi, which it speaks by itself."""
import json
import os
import re
import shutil
import subprocess
from itertools import count

import pytest
from helpers import LIMIT, wait_until
from test_browser import FITS, HIDE

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
PREFERENCES = {
    "media.navigator.streams.fake": True,  # a camera that shows changing colours
    "media.navigator.permission.disabled": True,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
}


class Firefox:
    "A connection to it: commands of WebDriver BiDi, one after the other."

    def __init__(self, address):
        import websocket

        self.socket, self.numbers = websocket.create_connection(address, timeout=LIMIT, suppress_origin=True), count(1)
        self.ask("session.new", capabilities={})

    def ask(self, method, **parameters):
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (answer := json.loads(self.socket.recv())).get("id") != number:
            pass  # an event
        assert answer["type"] == "success", answer
        return answer["result"]

    def open(self, address):
        "A tab of it, by its name."
        tab = self.ask("browsingContext.create", type="tab")["context"]
        self.ask("browsingContext.navigate", context=tab, url=address, wait="none")
        return tab

    def evaluate(self, tab, script):
        "What the script gives in that tab: a string, a number, or nothing where it failed."
        result = self.ask("script.evaluate", expression=script, target={"context": tab}, awaitPromise=True)
        return result.get("result", {}).get("value")

    def wait_for(self, tab, script):
        wait_until(lambda: self.evaluate(tab, script), f"{script}: {self.evaluate(tab, 'document.body.innerText')}", LIMIT)


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    pytest.importorskip("websocket", reason="websocket-client is not installed.")
    if FIREFOX is None:
        pytest.skip("There is no Firefox on this machine.")
    folder = tmp_path_factory.mktemp("firefox")
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
    (folder / "user.js").write_text("\n".join(lines))
    command = [FIREFOX, "--headless", "--no-remote", "--profile", folder, "--remote-debugging-port", "0"]
    env = {**os.environ, "HOME": str(folder)}
    process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    try:
        address = next(found[1] for line in process.stderr if (found := re.search(r"BiDi listening on (ws://\S+)", line)))
        yield Firefox(f"{address}/session")
    finally:
        process.terminate()
        process.wait(LIMIT)


FACE = "document.querySelector('.card .winner') !== null && document.querySelector('#page').dataset.state === 'playing'"


def test_ten_tabs_play_in_firefox(firefox, server):
    "Six connections are all that it opens to one server."
    tabs = [firefox.open(f"http://127.0.0.1:{server.port}/") for _ in range(10)]
    for tab in tabs:
        firefox.ask("browsingContext.activate", context=tab)
        firefox.wait_for(tab, FACE)
    for tab in tabs:
        firefox.ask("browsingContext.close", context=tab)


@pytest.fixture
def tab(firefox, server):
    "A tab in which the server's camera plays."
    tab = firefox.open(f"http://127.0.0.1:{server.port}/")
    firefox.wait_for(tab, FACE)
    yield tab
    firefox.ask("browsingContext.close", context=tab)


def state(name):
    return f"document.querySelector('#page').dataset.state === '{name}'"


def start_camera(firefox, tab):
    firefox.evaluate(tab, "document.querySelector('input[value=browser]').click()")
    start = "[...document.querySelectorAll('button')].find((button) => button.textContent.includes('Start the camera'))"
    firefox.wait_for(tab, f"Boolean({start})")
    firefox.evaluate(tab, f"{start}.click()")


def choose_file(firefox, tab, path):
    firefox.evaluate(tab, "document.querySelector('input[value=picture]').click()")
    target = {"context": tab}
    element = firefox.ask("script.evaluate", expression="document.querySelector('#file')", target=target, awaitPromise=False)
    firefox.ask("input.setFiles", context=tab, element={"sharedId": element["result"]["sharedId"]}, files=[str(path)])


def test_a_picture_is_read_in_firefox(firefox, tab, photo, tmp_path):
    choose_file(firefox, tab, photo)
    firefox.wait_for(tab, state("shown"))
    assert firefox.evaluate(tab, "document.querySelectorAll('.card').length") == 1
    (tmp_path / "words.txt").write_text("no picture")
    choose_file(firefox, tab, tmp_path / "words.txt")
    firefox.wait_for(tab, state("unreadable"))


def test_the_browsers_camera_plays_and_stops_in_firefox(firefox, tab):
    "It shows colours and no face; what counts is that frames go and answers come."
    start_camera(firefox, tab)
    firefox.wait_for(tab, state("playing"))
    assert firefox.evaluate(tab, "document.querySelector('#video').videoWidth") > 0
    firefox.evaluate(tab, "document.querySelector('#stop').click()")
    firefox.wait_for(tab, state("asking"))
    assert firefox.evaluate(tab, "String(document.querySelector('#video').srcObject)") == "null"


@pytest.mark.parametrize(
    "error, title",
    [("NotAllowedError", "The camera is not allowed"), ("NotFoundError", "There is no camera"),
     ("NotReadableError", "The camera can't be opened")],
)  # fmt: skip
def test_why_there_is_no_camera_in_firefox(firefox, tab, error, title):
    failing = f"navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException('', '{error}'); }}"
    firefox.evaluate(tab, failing)
    start_camera(firefox, tab)
    firefox.wait_for(tab, f'document.querySelector("#veil-title").textContent === "{title}"')


def test_a_refusal_is_named_in_firefox(firefox, tab):
    firefox.evaluate(tab, """
      window.real = window.fetch;
      window.fetch = async () => new Response(JSON.stringify({ error: "Too many ..." }), { status: 429 });
    """)
    firefox.wait_for(tab, state("refused"))
    assert "Too many ..." in firefox.evaluate(tab, "document.querySelector('#veil-message').textContent")
    firefox.evaluate(tab, "window.fetch = window.real")
    firefox.wait_for(tab, FACE)


def test_a_hidden_tab_of_firefox_keeps_no_camera_on(firefox, tab):
    start_camera(firefox, tab)
    firefox.wait_for(tab, state("playing"))
    firefox.evaluate(tab, f"({HIDE.strip()})(true)")
    firefox.wait_for(tab, state("paused"))
    assert firefox.evaluate(tab, "String(document.querySelector('#video').srcObject)") == "null"
    firefox.evaluate(tab, f"({HIDE.strip()})(false)")
    firefox.wait_for(tab, state("playing"))


@pytest.mark.parametrize("size", [(390, 844), (844, 390)])
def test_the_page_fits_a_phone_in_firefox(firefox, tab, size):
    "Upright and on its side."
    firefox.ask("browsingContext.setViewport", context=tab, viewport=dict(zip(("width", "height"), size)))
    firefox.wait_for(tab, f"window.innerWidth === {size[0]}")
    firefox.wait_for(tab, f"({FITS.strip()})() === ''")
