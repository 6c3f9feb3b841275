#!/usr/bin/env bash
# One damaged packet costs a VP9 video all that follows, or a single frame, as the decoder's threads are arranged.
#
# Seen with PyAV 18.1.0 (FFmpeg 8.1 in its wheel). 200 frames of VP9, of which one packet's content is overwritten: with thread_type
# "AUTO", which takes frame threads, every frame behind the damage fails; with "SLICE" nearly all are there. For VP8 it is not so.
#
# The good guess is that frame threads are only a matter of speed. For VP9 they decide what is left of a damaged recording: an
# archive reads it with slice threads (`sources.DECODING_THREADS`).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install -q av==18.1.0 numpy==2.2.6
cd "$work"
env/bin/python - <<'PYTHON'
import av
import numpy as np

draw = np.random.default_rng(0)
ground = draw.integers(0, 256, (144, 256 + 200, 3), np.uint8)


def packets(codec):
    "200 frames that glide over a random picture, encoded; the 60th packet's content is noise."
    with av.open("clip.webm", "w") as out:
        stream = out.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 256, 144, "yuv420p"
        stream.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "g": "50"}
        for number in range(200):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(ground[:, number : number + 256].copy(), "rgb24")))
        out.mux(stream.encode())
    data = bytearray(open("clip.webm", "rb").read())
    with av.open("clip.webm") as clip:
        hit = [packet for packet in clip.demux(video=0) if packet.size][60]
        place = data.find(bytes(hit))
        data[place + 2 : place + hit.size] = draw.integers(0, 256, hit.size - 2, np.uint8).tobytes()
    open("clip.webm", "wb").write(data)


def kept(threads):
    count = 0
    with av.open("clip.webm") as clip:
        stream = clip.streams.video[0]
        stream.thread_type, stream.codec_context.thread_count = threads, 4
        for packet in clip.demux(stream):
            try:
                count += len(packet.decode())
            except av.error.FFmpegError:
                pass
    return count


found = {}
for codec in ("libvpx-vp9", "libvpx"):
    packets(codec)
    found[codec] = {threads: kept(threads) for threads in ("AUTO", "SLICE")}
    print(codec, found[codec])
assert found["libvpx-vp9"]["SLICE"] > 190 > 150 > found["libvpx-vp9"]["AUTO"], "VP9 is decoded otherwise now"
PYTHON
