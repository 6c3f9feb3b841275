#!/usr/bin/env bash
# OpenCV's INTER_AREA averages nothing as soon as one side of the picture grows, though the other shrinks to a tenth.
#
# Seen with opencv-python-headless 4.14.0.94 (and 5.0.0.93). A picture of 480x40 with a white column beside each black one is gray from afar.
# Made 48x40 by INTER_AREA it is 128 everywhere; made 48x41, one row more, it is 25 or 26 everywhere: each pixel is mixed from two columns,
# and the other eight are left out. Noise of 40 levels becomes 13 in 48x40 and 30 in 48x41, where INTER_LINEAR, from which one would
# keep away here, leaves 23.
#
# The documentation recommends INTER_AREA for making pictures smaller, and tells only of pictures that grow that it does something else.
# The good guess is that each side goes its own way, averaged where it shrinks. Networks of faces take squares, so one call brings a wide
# and low crop to 48x48, one side up and one side down. What helps is two calls, the side that shrinks first. fer_nb keeps the
# proportions (`faces.shrink`, and the upright crop), and squeezes only what a data set holds as faces (`data._to_face`).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install -q opencv-python-headless==4.14.0.94 numpy==2.4.6
"$work/env/bin/python" - <<'PYTHON'
import cv2
import numpy as np

stripes = np.tile(np.uint8([255, 0]), (40, 240))
noise = np.random.default_rng(0).normal(128, 40, stripes.shape).astype(np.float32)
ways = {"area": cv2.INTER_AREA, "linear": cv2.INTER_LINEAR}


def resized(image, height, way="area"):
    return cv2.resize(image, (48, height), interpolation=ways[way])


levels, spread = {}, {}
for height in (40, 41, 48):
    levels[height] = sorted(set(resized(stripes, height).ravel().tolist()))
    spread[height] = {way: round(float(resized(noise, height, way).std()), 1) for way in ways}
    print(f"480x40 to 48x{height}: the stripes become {levels[height]}, and noise of 40 levels {spread[height]}")
twice = cv2.resize(resized(noise, 40), (48, 48), interpolation=cv2.INTER_LINEAR).std()
print(f"in two calls, to 48x48: noise of {twice:.1f}")
assert levels[40] in ([127], [128], [127, 128]) and spread[40]["area"] < 14 and twice < 14
for height in (41, 48):
    assert max(levels[height]) < 30 and spread[height]["area"] > 27 > spread[height]["linear"], "INTER_AREA averages each side now"
PYTHON
