"""From glass to label: `python tests/measure_glass.py [SECONDS]` says how old the browser's picture is when its label is drawn.

Chromium's fake camera shows the demo with its frame's number as blocks along the lower edge. The page sends its frames to the
server and draws what comes back; a second video of the same camera tells when the browser had each number from it. What is
measured ends where the canvas is drawn: the screen itself shows it with its next refresh.
"""
import os
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from helpers import filmed_by, find_chromium, running_server
from playwright.sync_api import sync_playwright

from fer_nb.sources import DEMO_PHOTO, demo_frame

BITS, RATE, ROUND = 8, 30, 150  # of a number; frames a second; numbers, after which the clip begins again: 5 seconds
HEIGHT = 32  # pixels of the blocks
SHAPE = (BITS, HEIGHT, ROUND / RATE)
# Ages in milliseconds of the numbers that the page's canvas shows, while it plays.
AGES = """
async ([seconds, bits, height, round]) => {
  const number = (image, width, tall) => {
    const strip = Object.assign(document.createElement("canvas"), { width: bits, height: 1 });
    const pen = strip.getContext("2d", { willReadFrequently: true });
    const block = width / bits;
    for (let bit = 0; bit < bits; bit += 1) {
      const [left, top] = [(bit + 0.4) * block, tall * (1 - (0.75 * height) / 480)];
      pen.drawImage(image, left, top, 0.2 * block, (tall * height) / 960, bit, 0, 1, 1);
    }
    const { data } = pen.getImageData(0, 0, bits, 1);
    return [...Array(bits).keys()].reduce((sum, bit) => sum + (data[4 * bit + 1] > 128 ? 2 ** bit : 0), 0);
  };
  const twin = Object.assign(document.createElement("video"), { srcObject: video.srcObject.clone(), muted: true });
  twin.style = "position: fixed; right: 0; bottom: 0; width: 8px";
  document.body.append(twin);
  await twin.play();
  const taken = new Map();
  twin.requestVideoFrameCallback(function again(now, { captureTime }) {
    taken.set(number(twin, twin.videoWidth, twin.videoHeight), captureTime ?? now);
    twin.requestVideoFrameCallback(again);
  });
  document.querySelector("#mirror").checked = false;
  const [canvas, ages, began] = [document.querySelector("#canvas"), [], performance.now()];
  for (let before = null; performance.now() < began + 1000 * seconds; ) {
    await new Promise(requestAnimationFrame);
    if (document.querySelector("#page").dataset.state !== "playing" || !document.querySelector(".card .winner")) continue;
    const shown = number(canvas, canvas.width, canvas.height);
    const age = performance.now() - (taken.get(shown) ?? -Infinity);
    if (shown !== before) ages.push(age < 1000 * round / 2 ? age : null); // a number of the round before is another frame's
    before = shown;
  }
  return ages;
}
"""


def write_clip(path):
    "The demo, each frame with its number."
    photo, frames = cv2.imread(str(DEMO_PHOTO)), []
    for number in range(ROUND):
        frame = demo_frame(photo, 24 * number / ROUND)
        for bit, block in enumerate(np.array_split(np.arange(640), BITS)):
            frame[480 - HEIGHT :, block] = 235 * (number >> bit & 1)
        frames.append(cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes())
    path.write_bytes(b"".join(frames))


def main(seconds):
    with tempfile.TemporaryDirectory() as folder, running_server("--source", "demo") as server, sync_playwright() as play:
        clip = Path(folder) / "clock.mjpeg"
        write_clip(clip)
        browser = play.chromium.launch(executable_path=find_chromium(), args=filmed_by(clip))
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.set_default_timeout(1000 * (seconds + 60))
        page.goto(f"http://127.0.0.1:{server.port}/", wait_until="commit")
        page.locator("input[value=browser]").check()
        page.get_by_role("button", name="Start the camera").click()
        page.locator(".card .winner").wait_for()
        page.evaluate(AGES, [3, *SHAPE])  # warm by then
        ages = page.evaluate(AGES, [seconds, *SHAPE])
        version = browser.version
        browser.close()
    known = [age for age in ages if age is not None]
    median, most = np.percentile(known, (50, 95))
    load, cores = os.getloadavg()[0], os.cpu_count()
    print(f"Glass to label: {len(known)} frames in {seconds:.0f} s, median {median:.0f} ms, p95 {most:.0f} ms")
    print(f"(Chromium {version}, {cores} cores, load {load:.1f}; when {len(ages) - len(known)} more were taken is not known)")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
