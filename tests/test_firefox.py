"""The page in Firefox, over WebDriver BiDi, which it speaks by itself."""
import json
import os
import re
import shutil
import subprocess
from itertools import count

import pytest
from helpers import LIMIT, wait_until

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


def test_a_picture_is_read_in_firefox(firefox, server, photo):
    tab = firefox.open(f"http://127.0.0.1:{server.port}/")
    firefox.wait_for(tab, FACE)
    firefox.evaluate(tab, "document.querySelector('input[value=picture]').click()")
    target = {"context": tab}
    element = firefox.ask("script.evaluate", expression="document.querySelector('#file')", target=target, awaitPromise=False)
    file = {"sharedId": element["result"]["sharedId"]}
    firefox.ask("input.setFiles", context=tab, element=file, files=[str(photo)])
    firefox.wait_for(tab, "document.querySelector('#page').dataset.state === 'shown'")
    assert firefox.evaluate(tab, "document.querySelectorAll('.card').length") == 1
    firefox.ask("browsingContext.close", context=tab)


def test_the_browsers_camera_plays_in_firefox(firefox, server):
    "It shows colours and no face; what counts is that frames go and answers come."
    tab = firefox.open(f"http://127.0.0.1:{server.port}/")
    firefox.wait_for(tab, FACE)
    firefox.evaluate(tab, "document.querySelector('input[value=browser]').click()")
    start = "[...document.querySelectorAll('button')].find((button) => button.textContent.includes('Start the camera'))"
    firefox.wait_for(tab, f"Boolean({start})")
    firefox.evaluate(tab, f"{start}.click()")
    firefox.wait_for(tab, "document.querySelector('#page').dataset.state === 'playing'")
    assert firefox.evaluate(tab, "document.querySelector('#video').videoWidth") > 0
    firefox.ask("browsingContext.close", context=tab)
