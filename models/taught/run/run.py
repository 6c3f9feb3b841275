"""Seeds 1 and 2 of 'deep': `python models/taught/run/run.py pack|unpack|go|count STATE_FOLDER [FER2013_FOLDER]`.

pack puts the newest checkpoint of STATE_FOLDER into this folder, small; unpack makes a checkpoint of it again; go goes on to the
end; count then measures the network and writes its line into runs.csv and its accuracy into the card of 'deep'.
For seed 2: config.json with that seed in a fresh STATE_FOLDER, and go. This folder goes when both are counted.

`normalise` and `drop` are quicker kernels for the same layers, with other rounding and other draws. That belongs into the model's
note.
"""
import csv
import json
import shutil
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from fer_nb import cli, cnn, training
from fer_nb.cli import load_trained
from fer_nb.serialization import write_record

HERE = Path(__file__).parent
SHIPS = HERE.parents[1] / "deep"
usual, usual_drop = keras.layers.BatchNormalization.call, keras.layers.Dropout.call


def normalise(self, inputs, training=None, mask=None):
    "What BatchNormalization does, in TensorFlow's fused kernel."
    if not training or len(inputs.shape) != 4:
        return usual(self, inputs, training=training, mask=mask)
    gamma, beta = tf.cast(self.gamma, "float32"), tf.cast(self.beta, "float32")
    y, mean, variance = tf.compat.v1.nn.fused_batch_norm(inputs, gamma, beta, epsilon=self.epsilon, is_training=True)
    self.moving_mean.assign(self.moving_mean * self.momentum + mean * (1 - self.momentum))
    self.moving_variance.assign(self.moving_variance * self.momentum + variance * (1 - self.momentum))
    return y


def drop(self, inputs, training=False):
    "What Dropout does, with eight random bits a value in place of a float; the rate is rounded to 1/256."
    if not training or self.rate <= 0:
        return inputs
    shape = tf.shape(inputs)
    count = tf.reduce_prod(shape)
    seed = keras.ops.cast(self.seed_generator.next(), "int32")
    draws = tf.random.stateless_uniform([(count + 3) // 4], seed, minval=None, maxval=None, dtype=tf.int32)
    limit = round(self.rate * 256)
    keep = tf.reshape(tf.reshape(tf.bitcast(draws, tf.uint8), [-1])[:count], shape) >= limit
    return inputs * tf.cast(keep, inputs.dtype) * tf.cast(256 / (256 - limit), inputs.dtype)


def compiled(config):
    "The network and its optimizer, ready for a checkpoint; 223 batches an epoch."
    network = cnn.build_cnn(config.model, config.precision)
    training.compile_cnn(network, config, 223)
    network.optimizer.build(network.trainable_variables)
    return network


def pack(folder):
    "Weights in half precision; of Adam's second moments the mean over each output."
    network = compiled(training.load_config(folder / "config.json"))
    epoch = training.load_newest(network, training.checkpoints(folder))
    half = {f"w{i}": w.astype("float16") if w.ndim > 1 else w for i, w in enumerate(network.get_weights())}
    second = [v.numpy() for v in network.optimizer._velocities]
    moments = {f"v{i}": v.mean(axis=tuple(range(v.ndim - 1)), keepdims=True) for i, v in enumerate(second)}
    np.savez_compressed(HERE / "state.npz", epoch=epoch, **half, **moments)
    shutil.copy(folder / "config.json", HERE / "config.json")
    training.write_history([row for row in training.read_history(folder / "history.csv") if row["epoch"] <= epoch], HERE / "history.csv")


def unpack(folder):
    "A checkpoint from which `go` goes on; Adam's first moments begin anew."
    folder.mkdir(parents=True, exist_ok=True)
    network = compiled(training.load_config(HERE / "config.json"))
    state = np.load(HERE / "state.npz")
    network.set_weights([state[f"w{i}"].astype("float32") for i in range(len(network.get_weights()))])
    for i, v in enumerate(network.optimizer._velocities):
        v.assign(np.broadcast_to(state[f"v{i}"], v.shape))
    network.optimizer.iterations.assign(223 * int(state["epoch"]))
    network.save_weights(folder / f"epoch-{int(state['epoch']):04}.weights.h5")
    for name in ("config.json", "history.csv"):
        shutil.copy(HERE / name, folder / name)


def go(folder, data):
    "Train to the end of the schedule, settle, and write the finished network's weights."
    config = training.load_config(folder / "config.json")
    usual_fit = keras.Model.fit

    def fit(model, *args, **options):  # the quick kernels are for the epochs, Keras' own for what comes after
        keras.layers.BatchNormalization.call, keras.layers.Dropout.call = normalise, drop
        try:
            return usual_fit(model, *args, **options)
        finally:
            keras.layers.BatchNormalization.call, keras.layers.Dropout.call = usual, usual_drop

    keras.Model.fit = fit
    network, _ = training.train(config, folder, data, resume=True, teacher=load_trained(config.teacher), verbose=2)
    network.save_weights(folder / "finished.weights.h5")


def count(folder, data):
    "Measure what `go` wrote as it would be served."
    config = training.load_config(folder / "config.json")
    network = cnn.build_cnn(config.model)
    network.load_weights(folder / "finished.weights.h5")
    record = json.loads((SHIPS / "metrics.json").read_text(encoding="utf-8"))
    name = f"deep-seed-{config.seed}"
    cli.finish(network, folder / name, config, training.read_history(folder / "history.csv"), data, record["notes"])
    with open(folder / "runs.csv", newline="", encoding="utf-8") as file:
        training.log_run(list(csv.DictReader(file))[-1], SHIPS.parent / "runs.csv")
    figures = json.loads((folder / name / "metrics.json").read_text(encoding="utf-8"))["validation"]
    seeds = record.get("seeds", [{"seed": record["config"]["seed"], "accuracy": record["validation"]["all"]["accuracy"]}])
    seeds.append({"seed": config.seed, "accuracy": figures["all"]["accuracy"]})
    write_record(SHIPS, record | {"seeds": seeds})


if __name__ == "__main__":
    {"pack": pack, "unpack": unpack, "go": go, "count": count}[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
