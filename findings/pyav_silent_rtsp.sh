#!/usr/bin/env bash
# A camera that takes the call and says nothing is "invalid data" to PyAV, not a timeout, and the error's text holds the password.
#
# Seen with PyAV 18.1.0 and the FFmpeg in its wheel. A server accepts the connection and never answers. av.open(..., timeout=3) ends
# after the three seconds: for http:// with ExitError, as a timeout does, but for rtsp:// with InvalidDataError, which is what a file
# that is no video raises. And str(error) has the whole address, user and password included; error.strerror has not.
#
# The good guess is that a timeout is one kind of error whatever the protocol, and that an error may be logged. `sources._answered` tells
# silence by the clock, since it can't by the error, and `sources._reason` takes strerror.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install -q av==18.1.0
cd "$work"
env/bin/python - <<'PYTHON'
import socket
import time

import av

found = {}
with socket.create_server(("127.0.0.1", 0)) as silent:
    for scheme in ("http", "rtsp"):
        began = time.monotonic()
        try:
            av.open(f"{scheme}://anna:pa55word@127.0.0.1:{silent.getsockname()[1]}/door", timeout=3)
        except Exception as error:
            found[scheme] = type(error).__name__
            print(f"{scheme}: {error!r} after {time.monotonic() - began:.1f} s; strerror: {error.strerror}")
            assert time.monotonic() - began > 2.5, "it did not wait"
            assert "pa55word" in str(error) and "pa55word" not in error.strerror, "the text is another now"
assert found == {"http": "ExitError", "rtsp": "InvalidDataError"}, f"the errors are others now: {found}"
PYTHON
