"""How old is a network camera's picture? `python tests/measure_age.py [SECONDS]` says it, beside OpenCV's own loop.

A GStreamer RTSP camera of 1280x720 at 30 frames a second has the time in its picture; one way after the other looks at it.
"""
import http.client
import re
import sys
import time

import cv2
import numpy as np
from helpers import LIMIT, running_server
from test_around import clock_in, free_ports, rtsp_camera


def age(
    picture,  # (height, width, 3) uint8 BGR
):
    "Seconds since the time in it."
    return (time.time() - clock_in(picture)) % (2**40 / 1000)


def feed_ages(url, seconds):
    "Of the pictures of /video_feed, as they come."
    with running_server("--source", url) as process:
        connection = http.client.HTTPConnection("127.0.0.1", process.port, timeout=LIMIT)
        connection.request("GET", "/video_feed")
        response, waiting, began = connection.getresponse(), b"", time.monotonic()
        while time.monotonic() < began + seconds:
            waiting += response.read1(2**20)
            if found := re.search(rb"\xff\xd8.*?\xff\xd9(?=\r\n)", waiting, re.DOTALL):
                came, waiting = time.time(), waiting[found.end() :]
                picture = cv2.imdecode(np.frombuffer(found[0], np.uint8), cv2.IMREAD_COLOR)
                yield age(picture) - (time.time() - came)
        connection.close()


def opencv_ages(url, seconds):
    "Of the frames that OpenCV's reader gives, with a buffer of one as its documentation asks."
    capture, began = cv2.VideoCapture(url), time.monotonic()
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    while time.monotonic() < began + seconds:
        good, picture = capture.read()
        if good:
            yield age(picture)
    capture.release()


if __name__ == "__main__":
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 300.0
    for name, ages in (("/video_feed", feed_ages), ("OpenCV's own loop", opencv_ages)):
        [port] = free_ports(1)
        with rtsp_camera(port, 1280, 720):
            found = 1000 * np.array(list(ages(f"rtsp://127.0.0.1:{port}/cam", seconds)))
        late = found[len(found) // 2 :]
        median, most = np.percentile(late, (50, 95))
        print(f"{name}: {len(found)} pictures; in the later half median {median:.0f} ms, p95 {most:.0f} ms", flush=True)
