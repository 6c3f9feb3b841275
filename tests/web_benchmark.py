"""The page that reads faces by itself beside @vladmandic/human 3.3.6 (face and emotion alone), on the same frames, in turn, in
the same browser: `python tests/web_benchmark.py [chromium|firefox] [--minutes 10]`. human comes from npm, by its hash.

--minutes plays so long, in Chromium from a camera, and says at each minute what memory all of the browser's processes hold, and
how many frames a second the page reads."""

import argparse
import gzip
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from helpers import CHROMIUM_ARGUMENTS, find_chromium
from test_web import CAMERA, hosted

from fer_nb.runners.litert_js import files_of
from fer_nb.sources import DEMO_PHOTO, demo_frame
from fer_nb.tracks import DETECT_SECONDS
from fer_nb.web import write_web

HUMAN = {  # of npm, with its own hashes: human, and the WebAssembly of TensorFlow.js, which human would load from elsewhere
    "@vladmandic/human/-/human-3.3.6.tgz":
        "sha512-Nr5mPfq1gQ+uKeXY5uM3Fj8UxvF5CEh2s6txM5wRThqaW0mF9huooOuZSrT8hhGho0hGaXLFdAwfD/2+teCv6A==",
    "@tensorflow/tfjs-backend-wasm/-/tfjs-backend-wasm-4.22.0.tgz":
        "sha512-/IYhReRIp4jg/wYW0OwbbJZG8ON87mbz0PgkiP3CdcACRSvUN0h8rvC0O3YcDtkTQtFWF/tcXq/KlVDyV49wmA==",
}  # fmt: skip
FRAMES, ROUNDS, RATE = 30, 5, 30  # of the demo at so many a second; how often both sides read them all
PLAYS = {"chromium": "Start the camera", "firefox": "Play the demo"}  # the button that is pressed to measure memory
CAMERA_FILE = "camera.mjpeg"
PATIENCE = 600  # seconds for a page to tell its figures

SHARED = """
const post = (told) => fetch("/", { method: "POST", body: JSON.stringify(told) });
const median = (values) => [...values].sort((one, other) => one - other)[values.length >> 1];
const pictures = await Promise.all([...Array(FRAMES).keys()].map(async (number) =>
  createImageBitmap(await (await fetch(`/frames/${number}.png`)).blob())));
const copy = (picture) => createImageBitmap(picture);
async function ours() {
  const { loadedReader } = await import("/page/static/reader.js");
  const reader = await loadedReader();
  return async (picture, of = null, seconds = null) => {
    const began = performance.now();
    const { image, faces } = await reader.read(picture, of, seconds);
    image.close();
    return [performance.now() - began, faces.length];
  };
}
async function human(backend) {
  const { Human } = await import("/human/dist/human.esm.js");
  const off = { enabled: false };
  const made = new Human({
    backend, debug: false, cacheSensitivity: 0, modelBasePath: "/human/models/", wasmPath: "/wasm/dist/",
    filter: off, gesture: off, body: off, hand: off, object: off, segmentation: off,
    face: { enabled: true, mesh: off, iris: off, description: off, antispoof: off, liveness: off, attention: off,
            detector: { rotation: false, skipFrames: 0, skipTime: 0 }, emotion: { enabled: true, skipFrames: 0, skipTime: 0 } },
  });
  await made.load();
  if (made.tf.getBackend() !== backend) throw new Error(`${backend} is not to be had`);
  return async (picture) => {
    const began = performance.now();
    const result = await made.detect(picture);
    if (result.error) throw new Error(result.error);
    return [performance.now() - began, result.face.filter((face) => face.emotion?.length).length];
  };
}
"""
EACH_FRAME = """
// Ours reads each picture by itself; as frames of a camera that are so far apart that faces are looked for in each; and as
// frames of a camera at its own rate, where they are mostly carried by optical flow.
const ways = {
  "ours, a picture": null, "ours, every frame looked at": SLOT, "ours, every third": SLOT / 3, "ours, a camera": 1 / RATE };
const sides = Object.fromEntries(await Promise.all(Object.keys(ways).map(async (name) => [name, await ours()])));
const failed = {};
for (const backend of ["wasm", "webgl", "humangl", "webgpu"]) {
  try {
    const look = await human(backend);
    await look(await copy(pictures[0]));
    sides[`human, ${backend}`] = look;
  } catch (error) { failed[backend] = String(error.message ?? error).slice(0, 120); }
}
const figures = Object.fromEntries(Object.keys(sides).map((name) => [name, { ms: [], faces: 0 }]));
for (let round = 0; round < ROUNDS + 1; round += 1) {
  for (const [name, look] of Object.entries(sides)) {
    for (const [number, picture] of pictures.entries()) {
      const tracked = ways[name] ? [`${name} ${round}`, number * ways[name]] : [];
      const [ms, faces] = await look(await copy(picture), ...tracked);
      if (round > 0) { figures[name].ms.push(ms); figures[name].faces += faces; } // the first one warms up
    }
  }
}
for (const one of Object.values(figures)) {
  one.per_second = 1000 * one.ms.length / one.ms.reduce((sum, ms) => sum + ms, 0);
  one.least = Math.min(...one.ms);
  one.ms = median(one.ms);
}
await post({ figures, failed });
"""
FIRST_LABEL = """
const look = await SIDE;
const [, faces] = await look(await copy(pictures[0]), "camera", 0);
await post({ ms: performance.now(), faces, loaded: performance.getEntriesByType("resource").length });
"""
PLAYED = """
frame.onload = async () => {
  const page = frame.contentDocument;
  const button = () => [...page.querySelectorAll("button")].find(({ textContent }) => textContent === BUTTON);
  while (!button()) await new Promise((resolve) => setTimeout(resolve, 50));
  button().click();
  const label = () => page.querySelector("[data-part=label]")?.textContent;
  while (label() !== "happy") await new Promise((resolve) => setTimeout(resolve, 50));
  for (;;) {
    await fetch("/", { method: "POST", body: JSON.stringify({ speed: page.querySelector("#speed").textContent }) });
    await new Promise((resolve) => setTimeout(resolve, 5000));
  }
};
"""


def page(
    body,  # of its script
    frame="",  # HTML
    frames=FRAMES,  # how many are read before anything else
):
    "A page of the measurement's own."
    numbers = f"const [FRAMES, ROUNDS, RATE, SLOT] = {json.dumps([frames, ROUNDS, RATE, DETECT_SECONDS])};"
    return f"""<!doctype html><title>Measures</title>{frame}<div id="page" data-device="/page/device/"></div>
<script type="module">{numbers}{body}</script>"""


def write_camera(path, photo):
    "Eight seconds of the demo, which Chromium takes for a camera."
    quality = [cv2.IMWRITE_JPEG_QUALITY, 90]
    frames = (cv2.imencode(".jpg", demo_frame(photo, 3 + number / RATE), quality)[1].tobytes() for number in range(8 * RATE))
    path.write_bytes(b"".join(frames))


def write_pages(
    root,  # the host's folder
    backend,  # of human, whose first label is timed
):
    "Both sides, the frames, and a page for each measurement."
    write_web(root / "page")
    for name, part in zip(HUMAN, ("human", "wasm")):
        for file, data in files_of(name, HUMAN[name]).items():
            if file.startswith(("dist/", "models/")):
                (root / part / file).parent.mkdir(parents=True, exist_ok=True)
                (root / part / file).write_bytes(data)
    photo = cv2.imread(str(DEMO_PHOTO))
    write_camera(root / CAMERA_FILE, photo)
    (root / "frames").mkdir()
    for number in range(FRAMES):
        cv2.imwrite(str(root / "frames" / f"{number}.png"), demo_frame(photo, 3 + number / RATE))
    sides = {"first_ours": "ours()", "first_human": f"human({json.dumps(backend)})"}
    for name, side in sides.items():
        (root / f"{name}.html").write_text(page(SHARED + FIRST_LABEL.replace("SIDE", side), frames=1))
    (root / "each.html").write_text(page(SHARED + EACH_FRAME))
    frame = '<iframe src="/page/" width="900" height="900" allow="camera"></iframe>'
    for name, button in PLAYS.items():
        start = f"const BUTTON = {json.dumps(button)}; const [frame] = document.querySelectorAll('iframe');"
        (root / f"{name}.html").write_text(page(start + PLAYED, frame))


@contextmanager
def looking(
    browser,  # "chromium" or "firefox"
    address,
    camera=None,  # the path of what Chromium takes for its camera
):
    "The page open in a browser of its own; gives its process, the first of a group."
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        own = [f"--user-data-dir={profile}", "--remote-debugging-port=0"]
        film = ["--use-fake-ui-for-media-stream", CAMERA[0], f"--use-file-for-fake-video-capture={camera}"]
        firefox = [shutil.which("firefox-esr") or shutil.which("firefox"), "--headless", "--no-remote", "--profile", profile]
        chromium = [find_chromium(), "--headless", *CHROMIUM_ARGUMENTS, *own, *(film if camera else [])]
        command = [*(chromium if browser == "chromium" else firefox), address]
        nowhere = subprocess.DEVNULL
        process = subprocess.Popen(command, stdout=nowhere, stderr=nowhere, start_new_session=True)
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


def told_by(browser, server, name):
    "What the page of that name tells of itself."
    server.came.clear()
    with looking(browser, f"http://127.0.0.1:{server.server_port}/{name}.html"):
        if not server.came.wait(PATIENCE):
            raise SystemExit(f"{name} told nothing in {PATIENCE} seconds.")
    return server.told[-1]


def memory_of(group):
    "Megabytes that the processes of a group hold by themselves or with others (PSS); Linux alone tells."
    total = 0
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(path.name)) == group:
                total += int((path / "smaps_rollup").read_text().split("Pss:")[1].split()[0])
        except (OSError, IndexError, ProcessLookupError):
            continue  # it has ended, or is a kernel's thread
    return total / 1024


def watch_memory(browser, server, root, minutes):
    "Play for so long, and print the megabytes at each minute, and how they grow."
    server.came.clear()
    with looking(browser, f"http://127.0.0.1:{server.server_port}/{browser}.html", root / CAMERA_FILE) as process:
        if not server.came.wait(PATIENCE):
            raise SystemExit(f"No face was named in {PATIENCE} seconds.")
        held = []
        for minute in range(minutes + 1):
            held.append([memory_of(process.pid) for _ in range(5) if not time.sleep(2)])
            print(f"minute {minute}: {np.median(held[-1]):.0f} MB, {server.told[-1]['speed']} frames/s", flush=True)
            time.sleep(50 if minute < minutes else 0)
    first, last = (np.median(held[part]) for part in (slice(1, 4), slice(-3, None)))  # the first minute fills what is kept
    print(f"minutes 1 to 3: {first:.0f} MB, the last three: {last:.0f} MB, {last / first - 1:+.1%}")


def sizes(folder):
    "Bytes that a visit loads: as they lie there, and as a host sends them that compresses texts."
    files = [path for path in (folder / "page").rglob("*") if path.is_file()]
    texts = (".js", ".json", ".html", ".css", ".svg", ".txt")
    sent = [len(gzip.compress(path.read_bytes())) if path.suffix in texts else path.stat().st_size for path in files]
    return sum(path.stat().st_size for path in files), sum(sent)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("browser", nargs="?", default="chromium", choices=["chromium", "firefox"])
    parser.add_argument("--minutes", type=int, default=0)
    parser.add_argument("--backend", default="wasm", help="of human, for its first label")
    asked = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_pages(root, asked.backend)
        plain, sent = sizes(root)
        print(f"a visit loads {plain / 1e6:.2f} MB, {sent / 1e6:.2f} MB where the host compresses texts")
        with hosted(root) as server:
            each = told_by(asked.browser, server, "each")
            for name, one in each["figures"].items():
                times = f"median {one['ms']:6.1f} ms, least {one['least']:5.1f} ms, {one['per_second']:5.1f} a second"
                print(f"{name:27} {times}, {one['faces']} faces")
            for backend, why in each["failed"].items():
                print(f"human, {backend}: {why}")
            for name in ("first_ours", "first_human"):
                first = [told_by(asked.browser, server, name) for _ in range(3)]
                times = sorted(round(one["ms"]) for one in first)
                print(f"{name}: {times} ms from the page's beginning; faces {first[0]['faces']}")
            if asked.minutes:
                watch_memory(asked.browser, server, root, asked.minutes)
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
