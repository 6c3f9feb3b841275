"""Take the pictures of the page in nbs/images (page.png, phone.png, camera.png): `python tests/take_screenshots.py`.

With a folder, `python tests/take_screenshots.py FOLDER`, the page as a desk, a phone and a phone on its side show it.
"""
import io
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from helpers import CHROMIUM_ARGUMENTS, PROJECT, filmed_by, find_chromium, running_server
from PIL import Image, ImageOps
from playwright.sync_api import sync_playwright

from fer_nb.drawn_faces import ACTION_UNITS, Identity, paint_face, to_gray, unit_array

LARGEST = 400_000  # bytes a picture
PLAYED = ("neutral", "happy", "surprise", "sad", "neutral", "fear", "happy")  # what the drawn face shows, one after the other
HELD, TURNING, RATE = 5.0, 1.2, 10  # seconds of each, seconds from one to the next, drawn frames a second
TIMES = 3  # each is in the clip, because Chromium plays 30 a second
NAMED = "Object.defineProperty(MediaStreamTrack.prototype, 'label', { get: () => 'Webcam' })"  # else it is the clip's path


def drawn_frame(
    units,  # (27,) floats, see unit_array
    seconds,  # into the clip; the head moves a little
):
    "A drawn face in the middle of a 640x480 picture."
    person = Identity(skin=0.75, hair=0.1, background=0.7, long_hair=True, eye_size=1.1)
    face = cv2.resize(to_gray(paint_face(units, person)), (480, 480), interpolation=cv2.INTER_CUBIC)
    wide = cv2.copyMakeBorder(face, 0, 0, 80, 80, cv2.BORDER_REPLICATE)
    move = np.float32([[1, 0, 30 * np.sin(seconds / 3)], [0, 1, 10 * np.sin(seconds / 2)]])
    return cv2.warpAffine(wide, move, (640, 480), borderMode=cv2.BORDER_REPLICATE)


def write_clip(
    path,  # an .mjpeg file, as Chromium's fake camera takes it
):
    "A drawn face that turns from one expression to the next, so that the curves have something to show."
    frames = []
    for here, there in zip(PLAYED, PLAYED[1:] + PLAYED[:1]):
        here, there = unit_array(ACTION_UNITS[here]), unit_array(ACTION_UNITS[there])
        for step in range(int((HELD + TURNING) * RATE)):
            share = np.clip((step / RATE - HELD) / TURNING, 0, 1)
            frame = drawn_frame((1 - share) * here + share * there, len(frames) / TIMES / RATE)
            frames += TIMES * [cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))[1].tobytes()]
    path.write_bytes(b"".join(frames))


def save(
    page,  # Playwright's, with something to see
    name,  # of the file in nbs/images
):
    "Without the two lowest bits of every colour a file is a third smaller, and looks the same."
    path = PROJECT / "nbs" / "images" / name
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    ImageOps.posterize(picture, 6).save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path.name}: {size // 1000} kB")
    assert size < LARGEST, f"{name} is larger than {LARGEST // 1000} kB"


def look(folder):
    "The whole page on each screen, while the server's demo plays and while the browser's camera does."
    with running_server("--source", "demo") as server, sync_playwright() as play:
        camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
        browser = play.chromium.launch(executable_path=find_chromium(), args=[*CHROMIUM_ARGUMENTS, *camera])
        for name, (width, height) in {"desk": (1280, 860), "phone": (390, 844), "on_its_side": (844, 390)}.items():
            page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=2)
            page.goto(f"http://127.0.0.1:{server.port}/", wait_until="commit")
            page.wait_for_selector(".card .winner")
            page.wait_for_timeout(3000)  # for the speed, and the beginning of the curves
            page.screenshot(path=folder / f"{name}.png", full_page=True)
            page.locator("input[value=browser]").check()
            page.get_by_role("button", name="Start the camera").click()
            page.wait_for_selector("#page[data-state=playing]")
            page.wait_for_timeout(3000)
            page.screenshot(path=folder / f"{name}_camera.png", full_page=True)
            page.close()
        browser.close()


def main():
    with tempfile.TemporaryDirectory() as folder, running_server("--source", "demo") as server, sync_playwright() as play:
        clip = Path(folder) / "drawn.mjpeg"
        write_clip(clip)
        browser = play.chromium.launch(executable_path=find_chromium(), args=filmed_by(clip))

        def open_page(scheme, width, height):
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            page.add_init_script(NAMED)
            page.goto(f"http://127.0.0.1:{server.port}/", wait_until="commit")
            page.wait_for_selector(".card .winner")
            return page

        for name, options, seconds in (("page.png", ("light", 1280, 860), 27), ("phone.png", ("dark", 390, 844), 3)):
            page = open_page(*options)
            page.wait_for_timeout(1000 * seconds)  # for the bars to move, the speed to settle and the curves to grow
            save(page, name)
            page.close()

        page = open_page("dark", 1280, 860)
        page.locator("input[value=browser]").check()
        page.get_by_role("button", name="Start the camera").click()
        page.wait_for_timeout(55_000)
        save(page, "camera.png")
        browser.close()


if __name__ == "__main__":
    look(Path(sys.argv[1])) if len(sys.argv) > 1 else main()
