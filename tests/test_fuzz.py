"""A few hundred damaged images, bodies and requests. The ten thousand are in test_soak.py."""
import json
import struct
import zlib
from itertools import islice
from pathlib import Path

import pytest
from helpers import ask, running_server
from mutations import good_images, mutated_bodies, mutated_requests, save, throw, throw_raw
from PIL import Image

from fer_nb.benchmark import process_usage


@pytest.fixture(scope="module")
def images(photo):
    return good_images(photo)


def assert_well(port, photo):
    "The server recognizes as before."
    status, _, body = ask(port, "POST", "/api/predict", photo.read_bytes())
    assert status == 200
    assert len(json.loads(body)["faces"]) == 1


def test_good_images_are_good(server, images):
    found = [json.loads(ask(server.port, "POST", "/api/predict", image)[2]) for image in images]
    assert [len(answer["faces"]) for answer in found[:10]] == [1] * 10, found
    assert all("faces" in answer for answer in found), found


def test_predict(server, photo, images):
    statuses = throw(server.port, "/api/predict", islice(mutated_bodies(images, seed=1), 300))
    assert statuses[200] > 30 and statuses[400] > 30 and statuses[415] > 5, statuses  # both, or nothing was tested
    assert_well(server.port, photo)


def test_frames(server, photo, images):
    session = json.loads(ask(server.port, "POST", "/api/sessions")[2])["session"]
    statuses = throw(server.port, f"/api/frames?session={session}", islice(mutated_bodies(images, seed=2, forms=0.1), 100))
    assert statuses[200] > 5 and statuses[400] > 5, statuses
    assert_well(server.port, photo)


@pytest.mark.parametrize("path", ["/api/predict", "/api/frames?session=none&frame=1", "/api/sessions", "/api/events", "/"])
def test_requests(server, photo, images, path):
    statuses = throw_raw(server.port, islice(mutated_requests(path, images[0], seed=3), 32), seconds=1)
    assert sum(count for status, count in statuses.items() if status) > 16, statuses
    assert_well(server.port, photo)


def png(*chunks):
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def chunk(kind, data=b"", length=None):
    "A chunk of a PNG that says of itself that it is as long as you please."
    return struct.pack(">I", len(data) if length is None else length) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


HEADER = chunk(b"IHDR", struct.pack(">IIBBBBB", 160, 160, 8, 2, 0, 0, 0))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(png(HEADER, chunk(b"IDAT", b"", 2**31 - 1)), id="a chunk of 2 GB"),
        pytest.param(png(HEADER, chunk(b"IDAT", b"", 2**32 - 1)), id="a chunk of 4 GB"),
        pytest.param(png(HEADER, chunk(b"tEXt", b"", 2**32 - 20)), id="a comment of 4 GB"),
    ],
)
def test_a_small_file_that_claims_to_be_large_takes_no_memory(project, body):
    with running_server("--source", "demo", project=project) as process:
        assert ask(process.port, "POST", "/api/predict", save(Image.new("RGB", (64, 64)), "PNG"))[0] == 200
        before = process_usage(process.pid)["peak_mb"]
        assert ask(process.port, "POST", "/api/predict", body)[0] == 400
        after = process_usage(process.pid)
        assert after["peak_mb"] - before < 100
        assert after["threads"] < 200
