#!/usr/bin/env bash
# One damaged packet costs a VP9 video a single frame or a dozen, as the decoder's threads are arranged.
#
# Seen with PyAV 18.1.0 and the FFmpeg in its wheel. Of 75 frames with one key frame at the start, the 41st packet's content is zeros.
# With thread_type "AUTO", which takes frame threads, it and the eleven that follow are refused; with "SLICE" it alone is missing.
#
# The good guess is that the kind of threads is a matter of speed alone, and that a decoder conceals what it can in either. For VP9 it
# decides what is left of a damaged recording. `sources` reads VP9 with slice threads.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install -q av==18.1.0 numpy==2.4.6
cd "$work"
env/bin/python - <<'PYTHON'
import av
import numpy as np

draw = np.random.default_rng(0)
ground = np.kron(draw.integers(0, 200, (60, 110, 3)), np.ones((4, 4, 1))).astype(np.uint8)
with av.open("clip.webm", "w") as out:
    stream = out.add_stream("libvpx-vp9", rate=25, options={"g": "200"})
    stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
    for number in range(75):
        picture = ground[:, number : number + 320] + draw.integers(0, 30, (240, 320, 3), np.uint8)
        out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
    out.mux(stream.encode())
data = bytearray(open("clip.webm", "rb").read())
with av.open("clip.webm") as clip:
    packet = [packet for packet in clip.demux(video=0) if packet.size][40]
place = data.find(bytes(packet))
data[place : place + packet.size] = bytes(packet.size)
open("clip.webm", "wb").write(data)


def kept(threads):
    count = 0
    with av.open("clip.webm") as clip:
        clip.streams.video[0].thread_type = threads
        for packet in clip.demux(video=0):
            try:
                count += len(packet.decode())
            except av.error.FFmpegError:
                pass
    return count


found = {threads: kept(threads) for threads in ("AUTO", "SLICE")}
print("frames of 75 that are decoded:", found)
assert found["AUTO"] < 70 < found["SLICE"], "VP9 is decoded otherwise now"
PYTHON
