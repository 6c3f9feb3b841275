"""`fer_nb annotate` as a person meets it: stopped, gone on with, and given what it can't use."""
import csv
import json
import os
import shutil
import signal
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pillow_heif
import pytest
from helpers import COMMAND, LIMIT, environment, wait_until
from PIL import Image

from fer_nb.benchmark import write_clip
from fer_nb.table import read_table


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    "A video of five seconds with two faces."
    path = tmp_path_factory.mktemp("clip") / "two.mp4"
    write_clip(path, 5)
    return path


class QuietFiles(SimpleHTTPRequestHandler):
    "Serves a folder."

    def log_message(self, *arguments):
        pass


def assert_refused(done, *words):
    "Exit status 2 and one sentence on stderr that holds the words."
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert str(word) in done.stderr


def test_interrupted_and_resumed(fer_nb, project, clip, tmp_path):
    film = tmp_path / "film.mp4"
    write_clip(film, 20)  # long enough that the signal comes before the end, on a busy machine too
    done = fer_nb("annotate", film, "--out", "whole.parquet")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"whole.parquet has {read_table(tmp_path / 'whole.parquet').num_rows:,} rows of 500 frames.\n"
    for kind, status in ((signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM), (signal.SIGKILL, -signal.SIGKILL)):
        table = tmp_path / f"{kind.name}.parquet"
        # The lock is there before the work begins; what was done by then is nobody's secret, and the rows must be the same.
        process = subprocess.Popen(
            [COMMAND, "annotate", str(film), "--out", str(table)], env=environment(project), stderr=subprocess.PIPE, text=True
        )
        wait_until(lambda: (tmp_path / f"{table.name}.parts" / "asked.json").exists(), "the run does not begin", seconds=LIMIT)
        process.send_signal(kind)
        said = process.communicate(timeout=LIMIT)[1]
        assert process.returncode == status, said
        assert "Traceback" not in said
        assert ("--resume" in said) == (kind == signal.SIGINT)
        assert not table.exists()
        assert_refused(fer_nb("annotate", film, "--out", table), table.name, "--resume", "--overwrite")
        done = fer_nb("annotate", film, "--out", table, "--resume")
        assert done.returncode == 0, done.stderr
        assert read_table(table).equals(read_table(tmp_path / "whole.parquet"))


def test_a_cut_and_a_marked_clip(fer_nb, clip, tmp_path):
    cut = ("--start", "0:02", "--end", "4s", "--every", "0.5s")
    done = fer_nb("annotate", clip, "--out", "cut.csv", "--video", "cut.mp4", *cut)
    assert done.returncode == 0, done.stderr
    times = np.unique(read_table(tmp_path / "cut.csv")["seconds"]).tolist()
    assert times == [2, 2.52, 3, 3.52]  # the first frame of each half second
    again = fer_nb("annotate", "cut.mp4", "--out", "again.jsonl")
    assert again.stdout.endswith(" rows of 4 frames.\n"), again.stderr


def test_what_failed_is_named_and_the_rest_goes_on(fer_nb, photo, clip, tmp_path):
    (tmp_path / "album" / "old").mkdir(parents=True)
    shutil.copy(photo, tmp_path / "album" / "a.jpg")
    (tmp_path / "album" / "old" / "b.mp4").write_text("no video")
    (tmp_path / "album" / "c.png").write_bytes(b"")
    (tmp_path / "album" / "short.mp4").write_bytes(clip.read_bytes()[:20_000])  # its index was at the end
    done = fer_nb("annotate", "album", "--out", "faces.csv")
    assert done.returncode == 1, done.stderr
    assert read_table(tmp_path / "faces.csv")["source"].to_pylist() == ["album/a.jpg"]
    with open(tmp_path / "faces.errors.csv", newline="") as file:
        assert [row["source"] for row in csv.DictReader(file)] == ["album/c.png", "album/old/b.mp4", "album/short.mp4"]


def test_no_face_is_a_table_without_rows(fer_nb, clip, tmp_path):
    done = fer_nb("annotate", clip, "--out", "none.parquet", "--start", "1:00:00")
    assert done.returncode == 0, done.stderr
    table = read_table(tmp_path / "none.parquet")
    assert (table.num_rows, len(table.schema)) == (0, 34)
    assert done.stderr == ""  # LiteRT's greeting is left out
    assert_refused(fer_nb("annotate", clip, "--out", "none.parquet"), "is there already")
    assert [path.name for path in tmp_path.iterdir()] == ["none.parquet"]  # neither run leaves its folder of parts
    (tmp_path / "none.marks.json").write_text("what a person marked")
    assert fer_nb("annotate", clip, "--out", "none.parquet", "--end", "1s", "--overwrite").returncode == 0
    assert (tmp_path / "none.marks.json").read_text() == "what a person marked"


def test_what_is_refused(fer_nb, clip, tmp_path):
    (tmp_path / "empty").mkdir()
    assert_refused(fer_nb("annotate", "empty", "--out", "a.parquet"), "empty")
    assert_refused(fer_nb("annotate", "nothing.mp4", "--out", "a.parquet"), "nothing.mp4")
    assert_refused(fer_nb("annotate", clip, "--out", "a.xlsx"), "a.xlsx", ".parquet")
    assert_refused(fer_nb("annotate", clip, "--out", "a.parquet", "--every", "often"), "'often' is not a time")
    two = (clip, clip.parent / "no_%03d.png")
    assert_refused(fer_nb("annotate", *two, "--out", "a.parquet", "--video", "a.mp4"), "one video")
    assert_refused(fer_nb("annotate", clip, "--out", "a.parquet", "--model", "nobody"), "There is no model 'nobody'")
    assert not list(tmp_path.glob("a.*"))


def test_kinds_names_and_what_is_passed_over(fer_nb, photo, tmp_path):
    album = tmp_path / "album"
    (album / "2024").mkdir(parents=True)
    picture = Image.open(photo)
    for form in ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "AVIF", "HEIF", "JPEG2000"):
        pillow_heif.register_heif_opener()
        picture.save(album / "2024" / f"{form}.dat", form)  # an ending that tells nothing
    shutil.copy(photo, os.fsencode(album) + b"/caf\xe9.jpg")
    for name in ("notes.txt", "._JPEG.dat", "sound.wav"):
        (album / name).write_bytes(b"RIFF    WAVEfmt ")
    done = fer_nb("annotate", "album", "--out", "faces.jsonl")
    assert done.returncode == 0, done.stderr
    assert "3 files were passed over" in done.stderr
    rows = read_table(tmp_path / "faces.jsonl").to_pylist()
    assert len(rows) == 9 and {row["label"] for row in rows} == {"happy"}
    assert r"album/caf\udce9.jpg" in [row["source"] for row in rows]
    assert np.ptp([row["left"] for row in rows]) < 3
    with open(tmp_path / "faces.errors.csv", newline="", encoding="utf-8") as file:
        assert {row["source"] for row in csv.DictReader(file)} == {"album/notes.txt", "album/._JPEG.dat", "album/sound.wav"}
    done = fer_nb("predict", "--json", *sorted((album / "2024").iterdir()), os.fsdecode(os.fsencode(album) + b"/caf\xe9.jpg"))
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [len(answer["faces"]) for answer in answers] == [1] * 9
    assert answers[-1]["source"].endswith(r"album/caf\udce9.jpg")
    for answer in answers:
        (row,) = (row for row in rows if answer["source"].endswith(row["source"]))
        assert abs(answer["faces"][0]["left"] - row["left"]) < 0.06  # JSON has one decimal


def test_a_finished_table_is_left_alone(fer_nb, clip, photo, tmp_path):
    (tmp_path / "album").mkdir()
    shutil.copy(photo, tmp_path / "album" / "a.jpg")
    shutil.copy(clip, tmp_path / "album" / "b.mp4")
    (tmp_path / "album" / "c.mp4").write_text("no video")
    for name in ("album/faces.parquet", "faces.csv", "faces.jsonl"):
        assert fer_nb("annotate", "album", "--out", name).returncode == 1
        before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.rglob("*") if path.is_file()}
        done = fer_nb("annotate", "album", "--out", name, "--resume")
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"{name} is finished, with 251 rows;") and "errors.csv says what failed" in done.stdout
        assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.rglob("*") if path.is_file()} == before
        assert not list(tmp_path.rglob("*.parts"))
        assert_refused(fer_nb("annotate", "album", "--out", name, "--resume", "--prior", "balanced"), "choice of --prior")
    assert_refused(fer_nb("annotate", "album", "--out", "album/faces.parquet", "--resume", "--end", "2s"), "choice of --start")
    shutil.copy(photo, tmp_path / "album" / "d.jpg")
    assert_refused(fer_nb("annotate", "album", "--out", "album/faces.parquet", "--resume"), "d.jpg came or changed since")


def test_our_own_files_are_not_listed(fer_nb, photo, tmp_path):
    (tmp_path / "album").mkdir()
    for name in ("a.jpg", "a.jpg.explained.png"):
        shutil.copy(photo, tmp_path / "album" / name)
    (tmp_path / "album" / "b.mp4").write_text("no video")
    for name in ("one.parquet", "two.csv", "three.jsonl"):
        assert fer_nb("annotate", "album", "--out", f"album/{name}").returncode == 1
    assert fer_nb("report", "album/one.parquet").returncode == 0
    (tmp_path / "album" / "one.marks.json").write_text('{"spans": [], "names": []}')
    (tmp_path / "album" / "stopped.csv.parts").mkdir()
    for name in ("lock", "asked.json"):
        (tmp_path / "album" / "stopped.csv.parts" / name).write_text('{\n "sources": []}' if name == "asked.json" else "")
    (tmp_path / "album" / "notes.txt").write_text("a letter")
    done = fer_nb("annotate", "album", "--out", "faces.parquet")
    assert read_table(tmp_path / "faces.parquet")["source"].to_pylist() == ["album/a.jpg"]
    assert "One file was passed over" in done.stderr and "notes.txt was passed over" in done.stderr, done.stderr


def test_a_password_in_an_address_is_written_nowhere(fer_nb, photo, tmp_path):
    "Neither on the way nor in the end: in what is said, the table, the file of errors, or the note of a run that was stopped."
    handler = partial(QuietFiles, directory=photo.parent)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        host = f"127.0.0.1:{server.server_port}"
        inputs = [f"http://anna:pa55word@{host}/{name}?key=pa55word" for name in (photo.name, "none.mp4")]
        done = fer_nb("annotate", *inputs, "--out", "table.csv")
        server.shutdown()
    assert done.returncode == 1 and f"http://{host}/none.mp4 can't be read (HTTP Error 404" in done.stderr, done.stderr
    assert set(read_table(tmp_path / "table.csv")["source"].to_pylist()) == {f"http://{host}/{photo.name}"}
    written = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) == 2 and not any("pa55word" in text for text in (*written, done.stdout, done.stderr))


def test_videos_of_a_server_that_sends_files_from_their_beginning_alone(fer_nb, clip, photo, tmp_path):
    "As `python -m http.server` does; write_clip's videos have their index at their end."
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietFiles, directory=clip.parent)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/{clip.name}"
        done = fer_nb("annotate", address, "--out", "far.csv")
        assert done.returncode == 0, done.stderr
        assert fer_nb("annotate", clip, "--out", "near.csv").returncode == 0
        far, near = (read_table(tmp_path / name).drop(["source"]) for name in ("far.csv", "near.csv"))
        assert far.equals(near)
        assert_refused(fer_nb("predict", address), "is not the address of an image")
        server.shutdown()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietFiles, directory=photo.parent)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        host = f"127.0.0.1:{server.server_port}/{photo.name}"
        done = fer_nb("predict", "--json", f"http://anna:word@{host}?key=word")
        server.shutdown()
    assert done.returncode == 0 and json.loads(done.stdout)["source"] == f"http://{host}", done.stderr
