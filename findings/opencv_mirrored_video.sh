#!/usr/bin/env bash
# A video that its file mirrors is upside down, or still mirrored, in OpenCV; PyAV's `rotation` can't tell it from one that is turned.
#
# Seen with opencv-python-headless 4.14.0.94 (and 5.0.0.93) and PyAV 18.1.0. An MP4 says by a matrix how its pictures are to be shown: eight
# ways are upright ones, four turned and four mirrored as well, as a phone's front camera may write them. VideoCapture turns by an angle alone.
# So it shows the four turned ones rightly and none of the mirrored ones: a picture mirrored left to right comes out upside down (turned by
# 180 degrees), one mirrored top to bottom is left as it is stored, which is upside down, too, and the two that also lie on their side stay
# mirrored. `frame.rotation` of PyAV is -180, 0, -90 and 90 for them, the same as for four that are only turned.
#
# The good guess is that a reader that honours the matrix (CAP_PROP_ORIENTATION_AUTO is on) honours all of it, and that a picture which
# is to be turned by -180 degrees has no other way to be upright. What helps is the matrix itself, in the side data of PyAV's first frame:
# `Frame.display_matrix` reads it, and fer_nb doesn't open videos by OpenCV.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install -q av==18.1.0 opencv-python-headless==4.14.0.94 numpy==2.4.6
cd "$work"
env/bin/python - <<'PYTHON'
import struct

import av
import cv2
import numpy as np

STORED = {(-1, -1): 30, (1, -1): 90, (-1, 1): 150, (1, 1): 210}  # gray levels of the four quarters: (x, y) from the middle
WAYS = {  # (a, b, c, d): a pixel that is stored at (x, y) is shown at (ax + cy, bx + dy)
    "as it is": (1, 0, 0, 1), "turned by 90": (0, 1, -1, 0), "turned by 180": (-1, 0, 0, -1), "turned by 270": (0, -1, 1, 0),
    "left to right": (-1, 0, 0, 1), "top to bottom": (1, 0, 0, -1), "and on its side": (0, 1, 1, 0), "on the other": (0, -1, -1, 0),
}
picture = np.kron([[30, 90], [150, 210]], np.ones((120, 160))).astype(np.uint8)
with av.open("plain.mp4", "w") as out:
    stream = out.add_stream("libx264", rate=25)
    stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
    for _ in range(5):
        out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "gray")))
    out.mux(stream.encode())
data = open("plain.mp4", "rb").read()
place = data.index(struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30), data.index(b"tkhd"))  # the track's own matrix


def quarters(image):
    height, width = image.shape[:2]
    return {(x, y): int(image[height * (2 + y) // 4, width * (2 + x) // 4].mean()) for x, y in STORED}


def is_near(one, other):
    return all(abs(one[where] - other[where]) < 15 for where in STORED)


right, angles = {}, {}
for name, (a, b, c, d) in WAYS.items():
    corners = [(a * x + c * y, b * x + d * y) for x in (0, 320) for y in (0, 240)]
    left, top = (-min(corner[axis] for corner in corners) for axis in (0, 1))  # what brings it back into the picture
    rows = [a, b, 0, c, d, 0, left, top]
    matrix = struct.pack(">9i", *(value << 16 for value in rows), 1 << 30)
    with open("turned.mp4", "wb") as file:
        file.write(data[:place] + matrix + data[place + 36 :])
    shown = {(a * x + c * y, b * x + d * y): level for (x, y), level in STORED.items()}
    seen = quarters(cv2.VideoCapture("turned.mp4").read()[1])
    with av.open("turned.mp4") as clip:
        angles[name] = next(clip.decode(video=0)).rotation
    right[name] = is_near(seen, shown)
    upside_down = is_near(seen, {(x, y): shown[x, -y] for x, y in STORED})
    print(f"{name:16} OpenCV: {'right' if right[name] else 'upside down' if upside_down else 'mirrored':12} PyAV: {angles[name]}")
assert list(right.values()) == [True] * 4 + [False] * 4, "OpenCV shows mirrored videos otherwise now"
assert list(angles.values()) == [0, -90, -180, 90, -180, 0, -90, 90], "PyAV tells other angles now"
PYTHON
