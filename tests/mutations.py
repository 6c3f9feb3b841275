"""Images, bodies and requests as nobody means to send them. All come from a seed, so that each can be made again."""
import http.client
import io
import json
import random
import socket
import struct
import time
import zlib
from collections import Counter
from contextlib import ExitStack, suppress
from itertools import count, islice

import av
import pillow_heif
from PIL import Image

SIDES = [0, 1, 2, 15, 16, 17, 255, 256, 4096, 7071, 8000, 16384, 32767, 65535, 65536, 2**24, 2**31 - 1, 2**31, 2**32 - 1]
CONTENT_TYPES = [
    *[None] * 8, *["image/jpeg"] * 8, "image/png", "application/octet-stream", "application/json", "text/plain; charset=utf-16", "multipart/form-data",
    "multipart/form-data; boundary=", "multipart/form-data; boundary=elsewhere", "multipart/mixed; boundary=limit", "", "/", "image/jpeg;" * 50,
    "application/x-www-form-urlencoded", "x" * 3000,
]


def good_images(
    photo,  # path of a JPEG with a face
):
    "The same small picture in every format, as bytes."
    picture = Image.open(photo).convert("RGB").crop((80, 0, 400, 320)).resize((160, 160))
    variants = {
        "JPEG": [{"quality": 80}, {"quality": 60, "progressive": True}, {"quality": 80, "restart_marker_rows": 1}],
        "PNG": [{}, {"compress_level": 0}], "WEBP": [{"quality": 80}, {"lossless": True}], "BMP": [{}], "GIF": [{}], "TIFF": [{}],
    }
    images = []
    for name, options in variants.items():
        for option in options:
            images.append(save(picture, name, **option))
    images += [save(picture.convert(mode), "PNG") for mode in ("L", "P", "RGBA", "1", "I;16")]
    images += [save(picture.convert("L"), "JPEG"), save(picture.convert("CMYK"), "JPEG")]
    pillow_heif.register_heif_opener()
    images += [save(picture, name) for name in ("HEIF", "AVIF", "JPEG2000", "PPM")]
    frames = [picture.resize((48, 48)).rotate(angle) for angle in (0, 90, 180)]
    images += [save(frames[0], name, save_all=True, append_images=frames[1:]) for name in ("GIF", "PNG", "WEBP", "TIFF")]
    return images


def save(picture, name, **options):
    file = io.BytesIO()
    picture.save(file, name, **options)
    return file.getvalue()


VIDEOS = {  # the codec of each container; WebP is Pillow's
    "mp4": "libx264", "mov": "libx264", "mkv": "libx264", "webm": "libvpx", "avi": "mjpeg", "ts": "libx264", "ogv": "libvpx",
    "gif": "gif", "flv": "flv", "mpg": "mpeg2video", "wmv": "wmv2", "webp": None,
}


def good_videos(
    folder,  # to write them into
    photo,  # path of a JPEG with a face
):
    "The same half a second in every container, as bytes by ending."
    picture, files = Image.open(photo).convert("RGB").resize((160, 160)), {}
    frames = [picture.rotate(2 * number) for number in range(12)]
    for ending, codec in VIDEOS.items():
        path = folder / f"good.{ending}"
        if codec is None:
            frames[0].save(path, save_all=True, append_images=frames[1:], duration=40)
        else:
            with av.open(str(path), "w") as container:
                stream = container.add_stream(codec, rate=25, options={"g": "5"})
                stream.width, stream.height = picture.size
                stream.pix_fmt = {"gif": "rgb8", "mjpeg": "yuvj420p"}.get(codec, "yuv420p")
                for frame in frames:
                    container.mux(stream.encode(av.VideoFrame.from_image(frame)))
                container.mux(stream.encode())
        files[ending] = path.read_bytes()
    return files


def write_mutated_videos(
    folder,
    videos,  # of good_videos
    count,
    seed,  # int; the same seed gives the same files
):
    "Damaged files: cut, flipped, spliced, with other numbers in their headers."
    for number in range(count):
        rng = random.Random(seed * 1_000_003 + number)
        ending, other = rng.choice(list(videos)), rng.choice(list(videos))
        step = rng.choice([truncate, flip_bits, flip_header, overwrite, cut_out, repeat, append, prepend, splice, claim])
        data = splice(rng, videos[ending], videos[other]) if step is splice else step(rng, videos[ending])
        (folder / f"{number:05}_{step.__name__}.{ending}").write_bytes(flip_bits(rng, data) if data and rng.random() < 0.3 else data)


def splice(rng, data, other):
    return data[: rng.randrange(len(data))] + other[rng.randrange(len(other)) :]


def claim(rng, data):
    "Another number somewhere in the header."
    start = rng.randrange(min(2000, len(data) - 4))
    number = struct.pack(rng.choice("<>") + "I", rng.choice(SIDES) & 0xFFFFFFFF)
    return data[:start] + number + data[start + 4 :]


# what becomes of an image: functions of a random.Random and bytes


def truncate(rng, data):
    return data[: rng.randrange(len(data))]


def flip_bits(rng, data):
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 3, 10, 100])):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def flip_header(rng, data):
    data = bytearray(data)
    for _ in range(rng.choice([1, 2, 5])):
        data[rng.randrange(min(64, len(data)))] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)])
    return bytes(data)


def overwrite(rng, data):
    start, length = rng.randrange(len(data)), rng.choice([1, 4, 64, 1000])
    return data[:start] + rng.choice([bytes(length), b"\xff" * length, rng.randbytes(length)]) + data[start + length :]


def cut_out(rng, data):
    start = rng.randrange(len(data))
    return data[:start] + data[start + rng.choice([1, 2, 10, 500]) :]


def repeat(rng, data):
    start = rng.randrange(len(data))
    return data[:start] + data[start : start + 200] * rng.choice([2, 50]) + data[start:]


def append(rng, data):
    return data + rng.choice([bytes(1000), rng.randbytes(1000), data, b"PK\x03\x04", b"\xff\xd8\xff"])


def prepend(rng, data):
    return rng.choice([b"\0", b"\xef\xbb\xbf", b"\n\n", b"\xff\xd8", b"RIFF", rng.randbytes(8)]) + data


def declare_size(rng, data):
    "Another width and height in the header, with a checksum that fits."
    width, height = rng.choice(SIDES), rng.choice(SIDES)
    data = bytearray(data)
    if data[:4] == b"\x89PNG":
        data[16:24] = struct.pack(">II", width, height)
        data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    elif data[:2] == b"BM":
        data[18:26] = struct.pack("<II", width, height)
    elif data[:3] == b"GIF":
        data[6:10] = struct.pack("<HH", width & 0xFFFF, height & 0xFFFF)
    elif data[:4] == b"RIFF":
        data[24:30] = rng.randbytes(6)
    elif data[:2] == b"\xff\xd8":
        start = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
        data[start + 5 : start + 9] = struct.pack(">HH", height & 0xFFFF, width & 0xFFFF)
    return bytes(data)


def huge_but_empty(rng, data):
    "A PNG or a BMP that declares many pixels, below and above the limit, and holds none."
    width, height = rng.choice([(7000, 7000), (50_000, 1000), (49_999_999, 1), (8000, 8000), (65_535, 65_535), (2**31 - 1, 2**31 - 1), (16, 3_000_000)])
    header = struct.pack(">IIBBBBB", width, height, rng.choice([1, 8, 16]), rng.choice([0, 2, 6]), 0, 0, rng.choice([0, 1]))
    chunks = [b"IHDR" + header, b"IDAT" + zlib.compress(bytes(rng.choice([0, 1000, 10**6]))), b"IEND"]
    return b"\x89PNG\r\n\x1a\n" + b"".join(struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks)


def nothing(rng, data):
    return b""


def noise(rng, data):
    return rng.randbytes(rng.choice([1, 2, 3, 8, 100, 5000]))


def text(rng, data):
    return rng.choice([b"{}", b"null", b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", b"GIF89a", b"image=" + data[:99], b"%PDF-1.7", b"P6 9 9 255 ", b"#!AMR"])


def unchanged(rng, data):
    return data


IMAGE_MUTATIONS = [
    truncate, flip_bits, flip_bits, flip_header, flip_header, overwrite, cut_out, repeat, append, prepend, declare_size, declare_size,
    huge_but_empty, nothing, noise, text, unchanged,
]


# what becomes of a body: functions of a random.Random and a list of images; give body and content type


def raw(rng, images):
    return images[0], rng.choice(CONTENT_TYPES)


def part(data, head='form-data; name="image"; filename="a.jpg"', more=b""):
    return b"--limit\r\nContent-Disposition: " + head.encode() + b"\r\n" + more + b"\r\n" + data + b"\r\n"


FORM = "multipart/form-data; boundary=limit"


def form(rng, images):
    return b"".join(map(part, images[: rng.randint(1, 4)])) + b"--limit--\r\n", FORM


def nested_form(rng, images):
    inner, levels = part(images[0]) + b"--limit--\r\n", rng.choice([1, 3, 50])
    for level in range(levels):
        kind = b"Content-Type: multipart/mixed; boundary=limit%d\r\n" % level
        inner = part(inner.replace(b"--limit", b"--limit%d" % level, 1), more=kind)
    return inner + b"--limit--\r\n", FORM


def broken_form(rng, images):
    body = form(rng, images)[0]
    return rng.choice([truncate, flip_header, cut_out, overwrite, prepend, repeat])(rng, body), FORM


def odd_form(rng, images):
    heads = [
        "form-data", "form-data; name=image", 'form-data; name=""; filename=""', 'form-data; name="image"; filename="../../etc/passwd"',
        'form-data; name="image"; filename="\\"\\u0000"', "attachment", 'form-data; name="image"; filename*=utf-8\'\'%00%ff', "x" * 5000,
    ]
    more = rng.choice([b"", b"Content-Transfer-Encoding: base64\r\n", b"Content-Length: -1\r\n", b"\x00: \xff\r\n", b"X: " + b"y" * 9000 + b"\r\n"])
    return part(images[0], rng.choice(heads), more) + rng.choice([b"--limit--\r\n", b"--limit--", b"--limit", b""]), FORM


def many_parts(rng, images):
    return part(images[0][:50]) * rng.choice([10, 999, 1001, 3000]) + b"--limit--\r\n", FORM


def text_fields(rng, images):
    field = part(b"a" * rng.choice([0, 10, 600_000]), 'form-data; name="image"')
    return field + part(images[0]) + b"--limit--\r\n", FORM


FORMS = [form, form, nested_form, broken_form, broken_form, odd_form, odd_form, many_parts, text_fields]


def mutated_bodies(
    images,  # of good_images
    seed,  # int; the same seed gives the same bodies
    forms=0.5,  # 0 to 1, the share of forms
):
    "Endless (what was done, body, headers)."
    for number in count():
        rng = random.Random(seed * 1_000_003 + number)
        steps = [rng.choice(IMAGE_MUTATIONS) for _ in range(4)]
        changed = [step(rng, rng.choice(images)) for step in steps]
        wrap = rng.choice(FORMS) if rng.random() < forms else raw
        body, kind = wrap(rng, changed)
        yield f"seed {seed}, number {number}: {wrap.__name__}, {steps[0].__name__}", body, {} if kind is None else {"Content-Type": kind}


def mutated_requests(
    path,  # the path with its query, such as /api/predict
    body,  # bytes
    seed,
):
    "Endless (what was done, the bytes of a request): its first line and its headers damaged, its body as it is."
    lines = [
        "Content-Length: -1", "Content-Length: 1e3", "Content-Length: 99999999999999999999", "Content-Length:", "Content-Length: 5", "Transfer-Encoding: chunked",
        "Host:", "Host: [", "Host: a b", "Host: " + "h" * 5000, "Origin: null", "Origin: http://[", "Origin: \xff\xfe", "Cookie: " + "a=b;" * 900, "Cookie: \xff=\x01",
        "Authorization: Bearer", "Authorization: Basic \xff", "Authorization: " + "x" * 9000, "Expect: 100-continue", "Expect: nothing", "Range: bytes=9-1",
        "Accept: \x7f", "Accept-Encoding: ,,,", "X-Forwarded-For: 1.1.1.1, ::1, \xff", "X-Forwarded-Host: [", "Upgrade: websocket", "Connection: upgrade",
        "If-None-Match: \"", "Referer: \xff", "Content-Encoding: gzip", "Content-Type: multipart/form-data; boundary=\xff", "No colon", ": no name", " folded: line", "A" * 70_000,
    ]
    queries = ["", "?", "?frame=-1", "?frame=1e9", "?frame=" + "9" * 400, "?session=%00", "?session=" + "s" * 4000, "?%", "?frame=%ff&session=%ff", "?session=a&session=b&frame=1&frame=2", "?frame=\u0661"]
    methods = ["POST", "POST", "POST", "PUT", "PATCH", "HEAD", "OPTIONS", "TRACE", "post", "P OST", "", "X" * 300, "\0"]
    for number in count():
        rng = random.Random(seed * 1_000_003 + number)
        target = path.partition("?")[0] + rng.choice(queries) if rng.random() < 0.4 else path
        method = rng.choice(methods) if rng.random() < 0.3 else "POST"
        version = rng.choice(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/9.9", "", "HTTP/"])
        headers = ["Host: 127.0.0.1", *rng.sample(lines, rng.randint(0, 3))]
        if rng.random() < 0.8:
            headers.insert(rng.randrange(len(headers)), f"Content-Length: {len(body)}")
        head = f"{method} {target} {version}\r\n" + "".join(f"{line}\r\n" for line in headers) + "\r\n"
        data = head.encode("utf-8", "replace") + body
        if rng.random() < 0.2:
            data = flip_header(rng, data)
        yield f"seed {seed}, number {number}", data


# sending them


class Client:
    "A keep-alive connection that opens itself again, and waits where the server says that it asks too often."

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def post(self, path, body, headers):
        "Status and body of the answer."
        failures = 0
        while True:
            try:
                self.connection.request("POST", path, body, headers)
                response = self.connection.getresponse()
                status, answer = response.status, response.read()
            except (http.client.HTTPException, ConnectionError):
                self.connection.close()
                failures += 1
                if failures == 3:  # a connection may be closed between two requests; this request closes it
                    raise
                continue
            if status != 429:
                return status, answer
            time.sleep(0.5)


def throw(
    port,  # of the server
    path,  # with its query
    bodies,  # iterable of (what was done, body, headers)
):
    "Send them all; gives how often each status came. An answer that is no result and no sentence is an error, as is a 5xx."
    client, statuses = Client(port), Counter()
    for what, body, headers in bodies:
        try:
            status, answer = client.post(path, body, headers)
        except (http.client.HTTPException, OSError) as error:
            raise AssertionError(f"{path}, {what}: no answer, {error!r}") from error
        statuses[status] += 1
        assert status < 500, f"{path}, {what}: {status} {answer[:300]!r}"
        assert isinstance(json.loads(answer), dict), f"{path}, {what}: {answer[:300]!r}"
        assert status < 300 or list(json.loads(answer)) == ["error"], f"{path}, {what}: {answer[:300]!r}"
    return statuses


def throw_raw(
    port,  # of the server
    requests,  # iterable of (what was done, bytes)
    seconds=2,  # how long an answer is waited for; a request that promises more than it holds gets none
):
    "Send bytes on connections of their own, 32 at once; gives how often each status came, None where none did. A 5xx is an error."
    statuses, requests = Counter(), iter(requests)
    while batch := list(islice(requests, 32)):
        with ExitStack() as stack:
            sockets = [stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5)) for _ in batch]
            for connection, (_, data) in zip(sockets, batch):
                with suppress(OSError):  # refused in the middle of the headers
                    connection.sendall(data)
            deadline = time.monotonic() + seconds
            for connection, (what, data) in zip(sockets, batch):
                connection.settimeout(max(0.05, deadline - time.monotonic()))
                answer = b""
                with suppress(OSError):
                    answer = connection.recv(4096)
                status = int(answer[9:12]) if answer[:7] == b"HTTP/1." else None
                assert status is None or status < 500, f"{what}: {answer[:500]!r} to {data[:500]!r}"
                statuses[status] += 1
    return statuses
