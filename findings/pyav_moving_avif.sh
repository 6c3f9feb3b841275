#!/usr/bin/env bash
# A moving AVIF is two videos to FFmpeg, and the first of them is a still: decode(video=0) gives one frame of it, without an error.
#
# Seen with PyAV 18.1.0 and opencv-python-headless 4.14.0.94, with the FFmpeg in their wheels, and with Pillow 13.0.0. A moving AVIF of five
# pictures holds, as the format wants it, also a still for those who can't play it. PyAV lists the still as streams.video[0] with one frame and
# the pictures as streams.video[1] with five, and marks both as the default. `decode(video=0)`, as PyAV's examples have it, decodes
# the still and ends; so does OpenCV's VideoCapture. GIF and APNG of the same pictures have one stream of five frames.
#
# The good guess is that one picture that moves is one stream, that the first video stream is the one a player shows, and that the end of
# decode is the end of the pictures. What helps is `container.streams.best("video")`, which takes the one with the pictures, as `sources` does.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install -q av==18.1.0 opencv-python-headless==4.14.0.94 pillow==13.0.0 numpy==2.4.6
cd "$work"
env/bin/python - 2>errors <<'PYTHON' || { cat errors; exit 1; }
import av
import cv2
import numpy as np
from PIL import Image

pictures = [Image.fromarray(np.full((64, 64, 3), level, np.uint8)) for level in (30, 80, 130, 180, 230)]
found = {}
for path in ("clip.avif", "clip.gif", "clip.png"):
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=200)
    with Image.open(path) as image:
        assert image.n_frames == 5
    with av.open(path) as clip:
        said = [(stream.frames, int(stream.disposition)) for stream in clip.streams.video]
        naive = len(list(clip.decode(video=0)))
    with av.open(path) as clip:
        best = clip.streams.best("video")
        place, whole = best.index, len(list(clip.decode(best)))
    capture, seen = cv2.VideoCapture(path), 0
    while capture.read()[0]:
        seen += 1
    found[path] = len(said), naive, place, whole, seen
    print(f"{path:9}: streams {len(said)}; frames: decode(video=0) {naive}, streams.best {whole}, VideoCapture {seen}; frames and mark {said}")
assert found["clip.avif"] == (2, 1, 1, 5, 1), "a moving AVIF is read otherwise now"
assert found["clip.gif"][:4] == found["clip.png"][:4] == (1, 5, 0, 5)
PYTHON
