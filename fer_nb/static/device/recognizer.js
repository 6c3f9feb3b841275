// A picture in, its faces out, as fer_nb.recognizer has it: found or carried, cut out, named, followed.

import { cropFace } from "./crop.js";
import { Detector } from "./detector.js";
import { carry } from "./flow.js";
import { toGray } from "./image.js";
import { Tracker } from "./tracker.js";

const LEAST = 1e-12; // a probability that is rounded to 0 has no logit
const rounded = (value, places) => Number(value.toFixed(places));

export class Recognizer {
  constructor(
    constants, // what fer_nb.web wrote
    detector, // BlazeFace: from inputs and their shape to the outputs, Float32Arrays
    network, // likewise the one that names expressions
  ) {
    Object.assign(this, { constants, network, detector: new Detector(constants.detector, detector) });
  }

  newTracker() {
    return new Tracker(this.constants.tracker);
  }

  // { data, width, height } (RGBA) to what the server's events hold. With a tracker, `seconds` is the frame's time.
  async recognize(picture, tracker = null, seconds = null) {
    const gray = toGray(picture);
    const carried = tracker && carry(tracker.look, gray, seconds, this.constants.flow);
    const faces = carried ?? (await this.detector.detect(picture));
    const probabilities = [];
    for (const face of faces) probabilities.push(await this.classify(cropFace(gray, face, this.constants.crop)));
    const tracks = tracker?.update(faces, probabilities, seconds);
    if (tracker) tracker.look = { gray, faces, seconds };
    const described = faces.map((face, place) => this.describe(face, probabilities[place], tracks?.[place]));
    described.sort((one, other) => one.left - other.left);
    return { width: picture.width, height: picture.height, faces: described, detected: !carried };
  }

  // Probabilities of the crop's expressions: one reading of the network's, with the prior, at the temperature.
  async classify(crop) {
    const { labels, reading, weights, temperature } = this.constants.model;
    const side = this.constants.crop.side;
    const [outputs] = await this.network(Float32Array.from(crop), [1, side, side, 1]);
    const chosen = outputs.subarray(reading * labels.length, (reading + 1) * labels.length);
    const weighed = Array.from(chosen, (value, place) => value * (weights?.[place] ?? 1));
    const total = weighed.reduce((sum, value) => sum + value, 0);
    const powers = weighed.map((value) => Math.max(value / (weights ? total : 1), LEAST) ** (1 / temperature));
    const sum = powers.reduce((one, other) => one + other, 0);
    return powers.map((value) => value / sum);
  }

  describe({ box }, raw, track) {
    const { labels, unsure_below: least } = this.constants.model;
    const probabilities = track?.probabilities ?? raw;
    const shown = track?.shown ?? raw.indexOf(Math.max(...raw));
    const confidence = probabilities[shown];
    const byLabel = (values) => Object.fromEntries(labels.map((label, place) => [label, rounded(values[place], 4)]));
    const [left, top, width, height] = box.map((value) => rounded(value, 1));
    return {
      track: track?.number ?? null, left, top, width, height,
      label: labels[shown], confidence: rounded(confidence, 4), unsure: confidence < least,
      probabilities: byLabel(probabilities), raw: byLabel(track?.raw ?? raw),
    };
  }
}
