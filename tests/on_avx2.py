"""Run a command as on a processor with AVX2 alone: `python tests/on_avx2.py fer_nb benchmark`.

Most laptops have neither AVX-512 nor its 8-bit and 16-bit instructions, and whoever measures on a server's processor measures
others' paths through LiteRT. OpenCV, NumPy and oneDNN can be asked to leave those instructions alone. LiteRT can't: it asks the
processor by CPUID. So a copy of it is made in a temporary folder in which each CPUID instruction is an illegal one of the same
two bytes, and a small library answers those. What is left are the clock and the caches of the processor at hand.

It needs Linux on x86-64, gcc and objdump (Debian's gcc and binutils). TensorFlow, which asks by CPUID too, is held by oneDNN's
variable alone. Python's faulthandler would take our signal: `python tests/on_avx2.py pytest -p no:faulthandler tests`.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

CPUID, ILLEGAL = b"\x0f\xa2", b"\x0f\x0b"
LIBRARIES = ("libpywrap_litert_common.so", "libLiteRt.so")
HELD = {
    "OPENCV_CPU_DISABLE": "AVX512-COMMON,AVX512-SKX,AVX512-CLX,AVX512-CNL,AVX512-ICL",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
}


def objdump(option, library):
    "What objdump prints of it."
    return subprocess.run(["objdump", option, library], capture_output=True, text=True, check=True).stdout


def hide_cpuid(
    library,  # a shared library, which is changed in place
):
    "Make each of its CPUID instructions an illegal one; how many there were."
    row = r"^ *\d+ \S+ +([0-9a-f]+) +([0-9a-f]+) +[0-9a-f]+ +([0-9a-f]+) .*\n.*\bCODE\b"
    sections = [[int(number, 16) for number in found] for found in re.findall(row, objdump("-h", library), re.MULTILINE)]
    data, found = bytearray(library.read_bytes()), re.findall(r"^ *([0-9a-f]+):\t0f a2 ", objdump("-d", library), re.MULTILINE)
    for address in (int(number, 16) for number in found):
        [at] = [address - start + offset for size, start, offset in sections if start <= address < start + size]
        assert data[at : at + 2] == CPUID
        data[at : at + 2] = ILLEGAL
    library.write_bytes(data)
    return len(found)


def environment(
    folder,  # an empty one, for LiteRT's copy and the library that answers
):
    "Environment variables for a command that shall see AVX2 alone."
    package = shutil.copytree(Path(find_spec("ai_edge_litert").origin).parent, folder / "ai_edge_litert")
    for name in LIBRARIES:
        assert hide_cpuid(package / name), "LiteRT asks for the processor in another way by now."
    answering = folder / "hide_avx512.so"
    subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", answering, Path(__file__).with_name("hide_avx512.c")], check=True)
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, **HELD, "LD_PRELOAD": str(answering), "PYTHONPATH": os.pathsep.join(paths)}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(subprocess.run(sys.argv[1:], env=environment(Path(folder))).returncode)
