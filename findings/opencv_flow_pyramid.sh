#!/usr/bin/env bash
# OpenCV's Python binding refuses the pyramids that OpenCV makes for the Lucas-Kanade method.
#
# Seen with opencv-python-headless 4.14.0.94. The documentation says of calcOpticalFlowPyrLK's first argument: "first 8-bit input image
# or pyramid constructed by buildOpticalFlowPyramid". In C++ that is so. In Python buildOpticalFlowPyramid gives (levels, tuple of arrays),
# and neither the pair nor the tuple is taken: "Overload resolution failed: prevImg is not a numerical tuple".
#
# The good guess is that a tracker which asks there and back, for several faces of one frame, saves half of its time by building each
# pyramid once. From Python it can't; the four pyramids of a pair of calls are built anew each time. What helps is to make the
# pictures small before, as `tracks._flow` does.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install -q opencv-python-headless==4.14.0.94 numpy==2.2.6
"$work/env/bin/python" - <<'PYTHON'
import cv2
import numpy as np

before = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (96, 96), np.uint8), (0, 0), 2)
after, points = np.roll(before, 2, axis=1), np.float32([[[48, 48]], [[30, 60]]])
options = dict(winSize=(11, 11), maxLevel=2)
moved, found, _ = cv2.calcOpticalFlowPyrLK(before, after, points, None, **options)
print("from pictures:", (moved - points).round(1).tolist(), found.ravel().tolist())
levels, pyramid = cv2.buildOpticalFlowPyramid(before, (11, 11), 2)
other = cv2.buildOpticalFlowPyramid(after, (11, 11), 2)[1]
print(f"a pyramid is {levels + 1} levels, {len(pyramid)} arrays")
for name, pair in (("lists", (list(pyramid), list(other))), ("tuples", (pyramid, other))):
    try:
        cv2.calcOpticalFlowPyrLK(*pair, points, None, **options)
    except cv2.error as error:
        print(f"from pyramids as {name}: refused ({str(error).splitlines()[1].strip()} ...)")
    else:
        raise SystemExit("This OpenCV takes pyramids.")
PYTHON
