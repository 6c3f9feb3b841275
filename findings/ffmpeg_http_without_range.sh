#!/usr/bin/env bash
# A whole MP4 from a server that can't begin in the middle: no frames and no error, or the last frames missing.
#
# Seen with PyAV 18.1.0 and the FFmpeg in its wheel; five seconds of 640x480, 125 frames, two megabytes. Where the index stands at the
# file's end, as most writers leave it, and the server sends chunks (Transfer-Encoding, no Range), av.open succeeds, and decoding ends
# after 0 frames without any error. From a server that says Content-Length (python -m http.server) the same file raises "Input/output
# error" at the first frame. And with the index in front, from a server that neither says the length nor sends chunks but closes the
# connection at the end, as HTTP allows, the last frames are replaced by "Input/output error".
#
# The good guess is that no error means that all was decoded, and that an error means damage. `sources` asks such a server itself, fetches the
# file into a temporary one where its index stands behind the pictures or nobody says where it ends, and holds what was read against the
# duration that the container says.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install -q av==18.1.0 numpy==2.4.6
cd "$work"
env/bin/python - <<'PYTHON'
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import numpy as np


class Plain(SimpleHTTPRequestHandler):
    says_length = True

    def log_message(self, *arguments):
        pass

    def send_header(self, name, value):
        if name != "Content-Length" or self.says_length:
            super().send_header(name, value)


class WithoutLength(Plain):
    says_length = False


class Chunks(Plain):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        data = Path(self.translate_path(self.path)).read_bytes()
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for start in range(0, len(data), 8192):
            piece = data[start : start + 8192]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")


def make(path, options):
    draw = np.random.default_rng(0)
    with av.open(path, "w", options=options) as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        for _ in range(125):
            picture = np.kron(draw.integers(0, 200, (30, 40, 3)), np.ones((16, 16, 1))).astype(np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        out.mux(stream.encode())


def frames(address):
    "How many are decoded, and the error at the end or None."
    count = 0
    try:
        with av.open(address, timeout=10) as clip:
            for _ in clip.decode(video=0):
                count += 1
    except Exception as error:
        return count, getattr(error, "strerror", None) or repr(error)
    return count, None


make("end.mp4", {})
make("front.mp4", {"movflags": "faststart"})
found = {}
for handler in (Plain, WithoutLength, Chunks):
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name in ("end.mp4", "front.mp4"):
            found[handler.__name__, name] = frames(f"http://127.0.0.1:{server.server_port}/{name}")
            print(f"{handler.__name__:14} {name:10} {found[handler.__name__, name]}")
        server.shutdown()
assert frames("end.mp4") == frames("front.mp4") == (125, None)
assert found["Plain", "front.mp4"] == found["Chunks", "front.mp4"] == (125, None)
assert found["Chunks", "end.mp4"] == (0, None), "chunks: it says so now, or reads it"
assert found["Plain", "end.mp4"] == (0, "Input/output error"), "without Range: it is read otherwise now"
count, error = found["WithoutLength", "front.mp4"]
assert count < 125 and error == "Input/output error", "without a length: it ends otherwise now"
PYTHON
