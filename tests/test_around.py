"""What stands around the server: nginx, Caddy and Jupyter before it, and a network camera behind it."""
import http.client
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from functools import partial
from http.server import ThreadingHTTPServer
from itertools import islice
from urllib.parse import quote

import av
import numpy as np
import pytest
from helpers import CHROMIUM_ARGUMENTS, COMMAND, LIMIT, ask, environment, find_chromium, running_server, wait_until
from test_annotate import QuietFiles
from test_server import read_events, streaming

from fer_nb.camera import CameraError, VideoCamera, first_frame

NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
IMPORT = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
HAS_RTSP = ["/usr/bin/python3", "-c", IMPORT]  # Debian's Python, whose packages these are
needs_rtsp = pytest.mark.skipif(
    not os.path.exists(HAS_RTSP[0]) or subprocess.run(HAS_RTSP, capture_output=True).returncode != 0,
    reason="There is no GStreamer RTSP server on this machine.",
)
CONFIG = """
{user} pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1; daemon off;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{bare}; location / {{ proxy_pass http://127.0.0.1:{port}; }} }}
  server {{ listen 127.0.0.1:{below}; location /fer/ {{ proxy_pass http://127.0.0.1:{port}/; }} }}
  server {{
    listen 127.0.0.1:{told};
    location /fer/ {{
      proxy_pass http://127.0.0.1:{port}/;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Prefix /fer;
    }}
  }}
}}
"""


def free_ports(count):
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def answers(port, path="/healthz"):
    try:
        return ask(port, "GET", path)[0] == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def nginx(server, tmp_path_factory):
    "Ports of nginx before the server: at its root, and below /fer/ without and with what proxies tell."
    if NGINX is None:
        pytest.skip("There is no nginx on this machine.")
    user = "user root;" if os.geteuid() == 0 else ""  # else it may not write into the test's folder
    folder, (bare, below, told) = tmp_path_factory.mktemp("nginx"), free_ports(3)
    ports = {"port": server.port, "bare": bare, "below": below, "told": told}
    (folder / "nginx.conf").write_text(CONFIG.format(folder=folder, user=user, **ports))
    process = subprocess.Popen([NGINX, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"])
    try:
        wait_until(lambda: answers(bare), "nginx does not answer")
        yield {"bare": f"{bare}/", "below": f"{below}/fer/", "told": f"{told}/fer/"}
    finally:
        process.terminate()
        process.wait(LIMIT)


@pytest.mark.parametrize("host", ["127.0.0.1", "class.example"])
@pytest.mark.parametrize("way", ["bare", "below", "told"])
def test_the_page_behind_nginx(nginx, photo, way, host):
    "Its files, the live picture, and a photograph; nginx's own settings are Debian's."
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed.")
    if find_chromium() is None:
        pytest.skip("There is no Chromium or Chrome on this machine.")
    with playwright.sync_playwright() as play:
        arguments = [*CHROMIUM_ARGUMENTS, "--host-resolver-rules=MAP class.example 127.0.0.1"]
        browser = play.chromium.launch(executable_path=find_chromium(), args=arguments)
        page, failed = browser.new_page(), []
        page.set_default_timeout(1000 * LIMIT)
        page.on("response", lambda response: response.status >= 400 and failed.append((response.status, response.url)))
        page.goto(f"http://{host}:{nginx[way]}", wait_until="commit")
        page.wait_for_selector(".card .winner")
        assert not failed
        page.locator("input[value=picture]").check()
        page.locator("#file").set_input_files(photo)
        page.wait_for_selector("#page[data-state=shown], #page[data-tone=gone]")
        assert page.locator("#page").get_attribute("data-state") == "shown" and not failed, failed
        assert page.locator(".card").count() == 1
        browser.close()


def test_streams_come_through_nginx_part_by_part(nginx):
    "nginx collects what a server sends unless it is told not to, and an event would come with some hundred others."
    for path, begins in (("api/events", b"data: "), ("video_feed", b"--frame")):
        port, _, prefix = nginx["below"].partition("/")
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=LIMIT)
        connection.request("GET", f"/{prefix}{path}")
        response, sizes = connection.getresponse(), []
        while len(sizes) < 20:
            sizes.append(len(response.read1(2**20)))
        assert response.status == 200 and max(sizes) < 2**17, (path, begins, sizes)
        connection.close()


CAMERA = '''
import gi, sys, threading, time
import numpy as np
gi.require_version("Gst", "1.0"); gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer
Gst.init(None)
WIDTH, HEIGHT, RATE = int(sys.argv[2]), int(sys.argv[3]), 30
BLOCK = WIDTH // 40

def feed(source):
    "The wall clock in milliseconds as 40 black and white blocks along the lower edge."
    number, began = 0, time.time()
    while True:
        picture = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
        milliseconds = int(time.time() * 1000) % 2**40
        for bit in range(40):
            picture[HEIGHT - 64 : HEIGHT, bit * BLOCK : bit * BLOCK + BLOCK] = 235 if milliseconds >> bit & 1 else 16
        buffer = Gst.Buffer.new_wrapped(picture.tobytes())
        buffer.pts, buffer.duration = number * Gst.SECOND // RATE, Gst.SECOND // RATE
        if source.emit("push-buffer", buffer) != Gst.FlowReturn.OK:
            return
        number += 1
        time.sleep(max(0, began + number / RATE - time.time()))

class Factory(GstRtspServer.RTSPMediaFactory):
    def do_configure(self, media):
        source = media.get_element().get_child_by_name("src")
        threading.Thread(target=feed, args=(source,), daemon=True).start()

factory = Factory()
factory.set_launch(f"( appsrc name=src is-live=true block=true format=time caps=video/x-raw,format=I420,width={WIDTH},"
                   f"height={HEIGHT},framerate={RATE}/1 ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max={RATE} "
                   "! rtph264pay name=pay0 pt=96 config-interval=1 )")
factory.set_shared(True)
server = GstRtspServer.RTSPServer()
if len(sys.argv) > 4:
    factory.set_protocols(GstRtsp.RTSPLowerTrans.UDP)
    guard, token, role = GstRtspServer.RTSPAuth(), GstRtspServer.RTSPToken(), Gst.Structure.new_empty("user")
    token.set_string("media.factory.role", "user")
    if sys.argv[4] == "digest":
        guard.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        guard.add_digest("anna", sys.argv[5], token)
    else:
        guard.add_basic(GstRtspServer.RTSPAuth.make_basic("anna", sys.argv[5]), token)
    role.set_value("media.factory.access", True); role.set_value("media.factory.construct", True)
    factory.add_role_from_structure(role)
    server.set_auth(guard)
server.set_service(sys.argv[1]); server.set_address("127.0.0.1")
server.get_mount_points().add_factory("/cam", factory); server.attach(None)
print("ready", flush=True)
GLib.MainLoop().run()
'''


@contextmanager
def rtsp_camera(port, width=640, height=480, guard=()):
    "A network camera with a clock in its picture; guarded by a kind of login and a password, it sends by UDP alone."
    command = ["/usr/bin/python3", "-c", CAMERA, *map(str, (port, width, height)), *guard]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"ready\n"
        yield
    finally:
        process.kill()
        process.wait(LIMIT)


def clock_in(
    picture,  # (height, width, 3) uint8 BGR
):
    "Seconds of the wall clock, modulo some decades."
    height, width = picture.shape[:2]
    row = picture[height - height // 15, :, 1]
    return sum(1 << bit for bit in range(40) if row[int((bit + 0.5) * width / 40)] > 128) / 1000


@needs_rtsp
def test_a_slow_reader_of_a_network_camera_sees_the_newest_frame():
    "Thirty frames a second come and one is looked at; each is as old as it says, and none is older than the ones before."
    [port] = free_ports(1)
    camera, seen = VideoCamera(f"rtsp://127.0.0.1:{port}/cam"), []
    with rtsp_camera(port), closing(camera.frames()) as frames:
        for frame in frames:
            true = time.time() % (2**40 / 1000) - clock_in(frame.bgr())
            seen.append((frame.seconds, true, time.monotonic() - frame.taken))
            time.sleep(1)  # as a slow recognizer would
            if len(seen) == 8:
                break
    seconds, true, told = np.array(seen[2:]).T  # the first ones are what the camera's server had kept
    assert np.diff(seconds).min() > 0.8  # a second is left out each time, and not read late
    assert np.abs(true - told).max() < 0.5, (true, told)  # what is missing is the encoder's own time
    assert true.max() < 1.0, true  # an idle machine's is 0.1; a backlog would add nearly a second with each frame


@needs_rtsp
def test_a_camera_that_is_switched_off_and_on(project):
    "The page waits and goes on by itself."
    [port] = free_ports(1)
    with running_server("--source", f"rtsp://anna:pa55word@127.0.0.1:{port}/cam", project=project) as process:
        with streaming(process.port, "/api/events") as response:
            events = read_events(response)
            for _ in range(2):
                gone = next(event for event in events if event["state"] == "gone")
                assert "pa55word" not in gone["message"] and f"rtsp://127.0.0.1:{port}/cam" in gone["message"]
                with rtsp_camera(port):
                    next(event for event in events if event["state"] == "playing")


@needs_rtsp
@pytest.mark.parametrize("login", ["basic", "digest"])
def test_a_camera_without_tcp_and_with_any_password(login):
    "The password is found as it is set in the camera, and as addresses have it; it is never shown."
    [port] = free_ports(1)
    password = "p@/:?#% s"
    with rtsp_camera(port, guard=(login, password)):
        for written in (password, quote(password, safe="")):
            camera = VideoCamera(f"rtsp://anna:{written}@127.0.0.1:{port}/cam?key=word")
            assert camera.name == f"rtsp://127.0.0.1:{port}/cam"
            assert first_frame(camera, LIMIT).gray().shape == (480, 640)
        for user, sentence in (("anna:wrong@", "refuses the user and the password"), ("", "asks for a user and a password")):
            with pytest.raises(CameraError, match=sentence) as caught:
                first_frame(VideoCamera(f"rtsp://{user}127.0.0.1:{port}/cam"), LIMIT)
            assert "wrong" not in str(caught.value)


def test_hls_is_played_at_its_own_pace(tmp_path):
    "Its parts come ahead of their time, so its frames are not those of a camera that shows what it sees: they wait for theirs."
    for ending in ("", "#EXT-X-ENDLIST"):  # live, and recorded
        options = {"hls_time": "1", "hls_list_size": "0"}
        with av.open(str(tmp_path / "live.m3u8"), "w", format="hls", options=options) as container:
            stream = container.add_stream("libx264", rate=25, options={"g": "25"})
            stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
            for number in range(100):
                picture = np.full((240, 320, 3), number, np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "bgr24")))
            container.mux(stream.encode())
        lines = (tmp_path / "live.m3u8").read_text().splitlines()
        kept = [line for line in lines if "ENDLIST" not in line]
        (tmp_path / "live.m3u8").write_text("\n".join([*kept, ending, ""]))
        with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietFiles, directory=tmp_path)) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            camera = VideoCamera(f"http://127.0.0.1:{server.server_port}/live.m3u8")
            with closing(camera._played()) as played:
                frames = list(islice(played, 60))
            server.shutdown()
        assert all(frame.taken is None for frame in frames)  # so each is shown at its time
        assert [frame.seconds for frame in frames] == pytest.approx([number / 25 for number in range(60)], abs=1e-3)


JUPYTER = """
from fer_nb.serve import _behind_jupyter
server = _behind_jupyter()
server["command"][0] = {command!r}
server["environment"] = {environment!r}
c.ServerProxy.servers = {{"fer_nb": server}}
"""


@pytest.fixture(scope="module")
def jupyter(project, tmp_path_factory):
    "The address of the page behind jupyter-server-proxy, below a hub's prefix."
    pytest.importorskip("jupyter_server_proxy", reason="jupyter-server-proxy is not installed.")
    folder, [port] = tmp_path_factory.mktemp("jupyter"), free_ports(1)
    env = {**environment(project), "FER_SOURCE": "demo", "JUPYTER_CONFIG_DIR": str(folder), "JUPYTER_DATA_DIR": str(folder)}
    (folder / "config.py").write_text(JUPYTER.format(command=str(COMMAND), environment=env))
    options = ["--IdentityProvider.token=", "--no-browser", "--allow-root", "--ServerApp.allow_remote_access=True"]
    options += [f"--config={folder / 'config.py'}", f"--port={port}", "--ServerApp.base_url=/user/anna/"]
    command = [sys.executable, "-m", "jupyter_server", *options]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log)
    try:
        wait_until(lambda: answers(port, "/user/anna/api"), "Jupyter does not answer", LIMIT)
        yield port
    finally:
        process.terminate()
        process.wait(LIMIT)


@pytest.mark.parametrize("host", ["127.0.0.1", "hub.example"])  # the second is no secure context, and tells its origin alone
def test_the_page_behind_jupyter(jupyter, photo, host):
    "Its files, the live picture and a photograph; also in a frame of a notebook, which is of the same origin."
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed.")
    if find_chromium() is None:
        pytest.skip("There is no Chromium or Chrome on this machine.")
    with playwright.sync_playwright() as play:
        arguments = [*CHROMIUM_ARGUMENTS, "--host-resolver-rules=MAP hub.example 127.0.0.1"]
        browser = play.chromium.launch(executable_path=find_chromium(), args=arguments)
        page, failed = browser.new_page(), []
        page.set_default_timeout(1000 * LIMIT)
        page.on("response", lambda response: response.status >= 400 and failed.append((response.status, response.url)))
        address = f"http://{host}:{jupyter}/user/anna/fer_nb/"
        page.goto(address, wait_until="commit")
        page.wait_for_selector(".card .winner")
        page.locator("input[value=picture]").check()
        page.locator("#file").set_input_files(photo)
        page.wait_for_selector("#page[data-state=shown], #page[data-tone=gone]")
        assert page.locator("#page").get_attribute("data-state") == "shown" and not failed, failed
        page.goto(f"http://{host}:{jupyter}/user/anna/lab", wait_until="domcontentloaded")
        page.evaluate("""(address) => {
          const frame = document.createElement("iframe");
          frame.src = address;
          document.body.append(frame);
        }""", address)
        page.frame_locator("iframe").locator(".card .winner").first.wait_for()
        browser.close()


CADDY = """
{{
    admin off
    auto_https off
}}
http://:{caddy} {{
    handle_path /fer/* {{
        reverse_proxy 127.0.0.1:{port} {{
            header_up X-Forwarded-Prefix /fer
        }}
    }}
}}
"""


@pytest.mark.skipif(not shutil.which("caddy"), reason="There is no Caddy on this machine.")
def test_the_page_behind_caddy(server, photo, tmp_path):
    "The lines that chapter 10a shows; streams come part by part, and a photograph is answered."
    [port] = free_ports(1)
    (tmp_path / "Caddyfile").write_text(CADDY.format(caddy=port, port=server.port))
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", tmp_path / "Caddyfile"]
    process = subprocess.Popen(command, env={**os.environ, "HOME": str(tmp_path)}, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: answers(port, "/fer/healthz"), "Caddy does not answer")
        for path in ("/fer/", "/fer/static/page.js", "/fer/static/style.css"):
            assert ask(port, "GET", path)[0] == 200, path
        told = {"Origin": f"http://127.0.0.1:{port}"}  # of a page that is no secure context
        assert ask(port, "POST", "/fer/api/predict", photo.read_bytes(), told)[0] == 200
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT)
        connection.request("GET", "/fer/api/events")
        response = connection.getresponse()
        sizes = [len(response.read1(2**20)) for _ in range(20)]
        assert response.status == 200 and max(sizes) < 2**17, sizes
        connection.close()
    finally:
        process.terminate()
        process.wait(LIMIT)


APACHE = """
ServerName class.example
ServerRoot {folder}
PidFile {folder}/pid
ErrorLog {folder}/errors
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
Listen 127.0.0.1:{outside}
ProxyPass /fer/ http://127.0.0.1:{port}/
"""
HAPROXY = """
defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
frontend class
  bind 127.0.0.1:{outside}
  http-request set-path %[path,regsub(^/fer/,/)]
  default_backend fer
backend fer
  server fer 127.0.0.1:{port}
"""
LIGHTTPD = """
server.document-root = "{folder}"
server.bind = "127.0.0.1"
server.port = {outside}
server.modules = ("mod_proxy")
server.stream-response-body = 2
proxy.server = ("/fer/" => (("host" => "127.0.0.1", "port" => {port})))
proxy.header = ("map-urlpath" => ("/fer/" => "/"))
"""
PROXIES = {  # program, its arguments before the file, what the file holds
    "apache2": (["-D", "FOREGROUND", "-f"], APACHE), "haproxy": (["-db", "-f"], HAPROXY), "lighttpd": (["-D", "-f"], LIGHTTPD),
}


@pytest.mark.parametrize("name", PROXIES)
def test_streams_and_photographs_come_through_other_proxies(server, photo, tmp_path, name):
    "Each takes away the prefix, tells nothing of it, and asks in its own words; a stream comes part by part."
    program = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None:
        pytest.skip(f"There is no {name} on this machine.")
    [outside], (options, text) = free_ports(1), PROXIES[name]
    words = {"folder": tmp_path, "modules": "/usr/lib/apache2/modules", "port": server.port, "outside": outside}
    (tmp_path / "proxy.conf").write_text(text.format(**words))
    process = subprocess.Popen([program, *options, tmp_path / "proxy.conf"], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: answers(outside, "/fer/healthz"), f"{name} does not answer")
        for path in ("/fer/", "/fer/static/page.js", "/fer/api/live?viewer=abcdefgh"):
            assert ask(outside, "GET", path)[0] == 200, path
        assert ask(outside, "POST", "/fer/api/predict", photo.read_bytes())[0] == 200
        with streaming(outside, "/fer/api/events") as response:
            assert next(event for event in read_events(response) if event["state"] == "playing")
            sizes = [len(response.read1(2**20)) for _ in range(20)]
        assert max(sizes) < 2**17, sizes
    finally:
        process.terminate()
        process.wait(LIMIT)
