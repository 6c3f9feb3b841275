#!/usr/bin/env bash
# A jump in a transport stream lands a second too late, and the way back to the first frame leads to the second key frame.
#
# Seen with PyAV 18.1.0 and opencv-python-headless 4.14.0.94, with the FFmpeg in their wheels. Four seconds of H.264, 25 frames a second, a
# key frame each second, B-frames between. In MP4 and Matroska a jump to the time stamp of any frame ends at its key frame or before it,
# as the documentation of PyAV's `backward` has it. In MPEG-TS, which television, HLS and network recorders write, each of the
# 100 jumps ends behind the frame that was asked for: the jump to the first frame, a key frame, gives frame 25, and those into the last
# second give no frame and no error. OpenCV's cap.set(CAP_PROP_POS_FRAMES, 0), with which people begin a video anew, gives frame 25, too,
# says True, and none of the first second's frames can be reached.
#
# The good guess is that a container without an index makes a jump slow, not wrong, and that frame 0 at least is safe. What helps is to
# look at the first frame that comes and to jump again from further back, as `_Video.frames_around` does; jumps from two seconds before land
# right. From the beginning one reads by opening the file anew.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install -q av==18.1.0 opencv-python-headless==4.14.0.94 numpy==2.4.6
cd "$work"
env/bin/python - 2>errors <<'PYTHON' || { cat errors; exit 1; }
import av
import cv2
import numpy as np

COUNT, GAP, RATE = 100, 25, 25


def picture(number):
    "Eight bars: the number's bits."
    return np.repeat(np.uint8([[255 * (number >> bit & 1) for bit in range(8)]]), 20, axis=1).repeat(120, axis=0)


def number(image):
    return sum(int(image[60, 20 * bit + 10].mean() > 128) << bit for bit in range(8))


def first(container, stream):
    "The number of the next frame; None where there is none."
    frame = next(container.decode(stream), None)
    return None if frame is None else number(frame.to_ndarray(format="gray"))


def late(path, before):
    "The frames that are behind the jump to them, or to that many seconds before them."
    with av.open(path) as clip:
        stamps = [frame.pts for frame in clip.decode(video=0)]
    with av.open(path) as clip:
        stream, landed = clip.streams.video[0], []
        for stamp in stamps:
            clip.seek(stamp - round(before / stream.time_base), stream=stream)
            landed.append(first(clip, stream))
    return [wanted for wanted, place in enumerate(landed) if place is None or place > wanted], landed


found = {}
for path in ("clip.mp4", "clip.mkv", "clip.ts"):
    with av.open(path, "w") as out:
        options = {"g": str(GAP), "bf": "2", "x264-params": "scenecut=0"}
        stream = out.add_stream("libx264", rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for frame in range(COUNT):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture(frame), "gray")))
        out.mux(stream.encode())
    (missed, landed), capture = late(path, 0), cv2.VideoCapture(path)
    shown = {}
    for frame in (60, 0, 12):
        assert capture.set(cv2.CAP_PROP_POS_FRAMES, frame)
        shown[frame] = number(capture.read()[1])
    again, _ = late(path, 2)
    found[path] = len(missed), landed[0], landed[-1], shown, len(again)
    print(f"{path:8}: {len(missed)} of {COUNT} jumps too late, two seconds before {len(again)};", end=" ")
    print(f"to the first frame {landed[0]}, to the last {landed[-1]}; OpenCV {shown}")
good = {60: 60, 0: 0, 12: 12}
for path in ("clip.mp4", "clip.mkv"):
    assert found[path] == (0, 0, 75, good, 0), f"{path} is read otherwise now"
assert found["clip.ts"][:3] == (COUNT, GAP, None), "a jump in MPEG-TS lands elsewhere now"
assert found["clip.ts"][3][0] == GAP and found["clip.ts"][3][60] == 60, "OpenCV comes back to the first frame now"
assert found["clip.ts"][4] == 0
PYTHON
