#!/usr/bin/env bash
# Asking a decoded frame of PyAV for its side data keeps the frame's memory until Python's garbage collector comes by.
#
# Seen with PyAV 18.1.0. A VideoFrame is freed as soon as nobody holds it. Its property `side_data` makes a container that refers
# back to the frame, and the frame refers to the container: a cycle. Frames that were asked are freed by the cyclic garbage collector
# alone, which counts objects and not bytes: a loop over a video of 640x480 takes some 60 MB more, one of 4K some gigabytes.
#
# The good guess is that reading a property of a frame costs nothing that outlives the frame. What is the same for all frames, such as
# the display matrix that says how a phone was held, is better asked of the first frame alone (`Frame.display_matrix`).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install -q av==18.1.0 numpy==2.4.6
cd "$work"
env/bin/python - <<'PYTHON'
import gc

import av
import numpy as np

with av.open("clip.mp4", "w") as out:
    stream = out.add_stream("mpeg4", rate=25)
    stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
    for number in range(50):
        out.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((480, 640, 3), 4 * number, np.uint8), "rgb24")))
    out.mux(stream.encode())


def alive(asked):
    "How many of 50 frames are still in memory when all of them have been let go."
    gc.collect()
    gc.disable()
    before = sum(isinstance(thing, av.VideoFrame) for thing in gc.get_objects())
    with av.open("clip.mp4") as clip:
        for frame in clip.decode(video=0):
            if asked:
                frame.side_data
        del frame
    held = sum(isinstance(thing, av.VideoFrame) for thing in gc.get_objects()) - before
    gc.enable()
    gc.collect()
    return held


plain, asked = alive(False), alive(True)
print(f"of 50 frames {plain} are kept when they are only decoded, {asked} when their side data was asked for")
assert plain < 5 and asked > 40, "PyAV frees frames otherwise now"
PYTHON
