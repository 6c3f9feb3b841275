"""Training's speed: `python tests/measure_training.py PYTHON CONFIG [ROUNDS]`, of another Python's build and of this one.

Both train by the config, without its teacher, on the data in use, ten batches in turn; printed are medians over the rounds.
On a busy machine the processor's time is the one to believe.
"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

BATCHES = 10  # a turn

WORKER = f"""
import inspect, os, sys, time
from dataclasses import replace
import keras
from fer_nb import training

class TakeTurns(keras.callbacks.Callback):
    "After each turn say what a batch took, wall and processor seconds, and wait for the next."
    begun = None

    def now(self):
        return time.perf_counter(), sum(os.times()[:2])

    def on_train_batch_begin(self, batch, logs=None):
        self.begun, self.left = self.begun or self.now(), getattr(self, "left", {BATCHES})

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if not self.left:
            print("turn", *((after - before) / {BATCHES} for before, after in zip(self.begun, self.now())), flush=True)
            if not sys.stdin.readline():
                os._exit(0)
            self.begun, self.left = None, {BATCHES}

config, options = replace(training.load_config(sys.argv[1]), teacher=""), dict(callbacks=[TakeTurns()], verbose=0)
splits = () if "data" in inspect.signature(training.train).parameters else training.load_splits()  # 0.1 reads them itself
training.train(config, sys.argv[2], *splits, **options)
"""


def turn(worker):
    "Wall and processor milliseconds of a batch."
    for line in worker.stdout:
        if line.startswith("turn "):
            return [1000 * float(value) for value in line.split()[1:]]
    raise SystemExit("A build ended before its time.")


if __name__ == "__main__":
    pythons, config = (sys.argv[1], sys.executable), Path(sys.argv[2]).resolve()
    rounds, batch_size = int(sys.argv[3]) if len(sys.argv) > 3 else 7, json.loads(config.read_text())["batch_size"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with tempfile.TemporaryDirectory() as folder:
        workers = [
            subprocess.Popen([python, "-c", WORKER, config, f"{folder}/{place}"], cwd=folder, env=os.environ, **pipes)
            for place, python in enumerate(pythons)
        ]
        for worker in workers:
            turn(worker)  # for warming up
        times = np.empty((rounds, 2, 2))  # by build, wall and processor
        for number, build in np.ndindex(rounds, 2):  # one computes while the other waits
            worker = workers[build]
            worker.stdin.write("\n")
            worker.stdin.flush()
            times[number, build] = turn(worker)
        for worker in workers:
            worker.communicate()
    for name, (wall, processor) in zip(("the other build", "this one"), np.median(times, axis=0)):
        print(f"{name}: {1000 * batch_size / wall:.0f} images/s, a batch {wall:.0f} ms and {processor:.0f} ms of the processor")
    faster = np.median(times[:, 0] / times[:, 1], axis=0)
    print(f"{config.parent.name}: {faster[0]:.2f} times the images/s, {faster[1]:.2f} times by the processor's time")
