// A picture in, its faces out, as fer_nb.recognizer has it: found or carried, cut out, judged, named, followed.

import { cropFace } from "./crop.js";
import { BlazeFace } from "./detector.js";
import { carry } from "./flow.js";
import { shrink, toGray } from "./image.js";
import { FaceMesh } from "./mesh.js";
import { qualityOf } from "./quality.js";
import { FaceSearch } from "./search.js";
import { Tracker } from "./tracker.js";

const LEAST = 1e-12; // a probability that is rounded to 0 has no logit
const rounded = (value, places) => Number(value.toFixed(places));

// The middle of a picture that is a face already, as large as the picture allows.
function whole({ width, height }) {
  const side = Math.min(width, height);
  return { box: [(width - side) / 2, (height - side) / 2, side, side], eyes: null };
}

export class Recognizer {
  constructor(
    constants, // what fer_nb.web wrote
    detector, // BlazeFace: from inputs and their shape to the outputs, Float32Arrays
    network, // likewise the one that names expressions
  ) {
    const search = new FaceSearch(constants.search, new BlazeFace(constants.detector, detector));
    Object.assign(this, { constants, network, search });
  }

  // Faces are checked from now on, and a picture by itself can be read.
  takeMesh(network) {
    this.search.mesh = new FaceMesh(this.constants.mesh, network);
  }

  // What calls each network once, as a camera will.
  firstCalls() {
    const [width, height] = [640, 480];
    const blank = { data: new Uint8ClampedArray(4 * width * height), width, height };
    const face = { box: [200, 100, 200, 200], eyes: [[250, 180], [350, 180]] };
    return [
      () => this.classify(new Uint8Array(this.constants.crop.side ** 2)),
      () => this.search.mesh.fit(toGray(blank), face),
      () => this.search.glance(blank),
      () => this.search.lookInParts(shrink(blank, this.search.reducedSide(blank), 4)),
    ];
  }

  // From now on these networks are asked, by name; the others stay.
  use({ detector, mesh, model }) {
    if (detector) this.search.blaze.network = detector;
    if (mesh) this.search.mesh.network = mesh;
    if (model) this.network = model;
  }

  newTracker() {
    return new Tracker(this.constants.tracker);
  }

  // { data, width, height } (RGBA) to what the server's events hold. With a tracker, `seconds` is the frame's time.
  async recognize(picture, tracker = null, seconds = null) {
    const gray = toGray(picture);
    const carried = tracker && carry(tracker.look, gray, seconds, this.constants.flow);
    let faces = carried ?? (await this.find(picture, gray, tracker, seconds));
    const cropped = !tracker && !faces.length && Math.max(gray.width, gray.height) <= this.constants.search.small;
    if (cropped) faces = [whole(gray)];
    const crops = faces.map((face) => cropFace(gray, face, this.constants.crop));
    if (!carried) faces = faces.map((face, place) => ({ ...face, ...this.judged(crops[place], face) }));
    const probabilities = [];
    for (const crop of crops) probabilities.push(await this.classify(crop));
    const tracks = tracker?.update(faces, probabilities, seconds);
    if (tracker) tracker.look = { gray, faces, seconds };
    const described = faces.map((face, place) => this.describe(face, probabilities[place], tracks?.[place]));
    described.sort((one, other) => one.left - other.left);
    return { width: picture.width, height: picture.height, cropped, faces: described, detected: !carried };
  }

  // What comes before the mesh is the first label, and it is said at once.
  judged(crop, face) {
    return this.search.mesh ? qualityOf(crop, face, this.constants.quality) : { quality: null, reason: "" };
  }

  find(picture, gray, tracker, seconds) {
    if (!tracker) return this.search.find(picture, gray);
    const number = Math.floor(seconds / this.constants.flow.detect_seconds);
    const known = carry(tracker.look, gray, seconds, this.constants.flow, true) ?? tracker.look?.faces ?? [];
    return this.search.findAgain(picture, gray, known, number);
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

  describe({ box, pose, quality, reason }, raw, track) {
    const { labels, unsure_below: least } = this.constants.model;
    const probabilities = track?.probabilities ?? raw;
    const shown = track?.shown ?? raw.indexOf(Math.max(...raw));
    const confidence = probabilities[shown];
    const unjudged = quality !== null && quality < this.constants.quality.least ? reason : "";
    const byLabel = (values) => Object.fromEntries(labels.map((label, place) => [label, rounded(values[place], 4)]));
    const [left, top, width, height] = box.map((value) => rounded(value, 1));
    const [yaw, pitch, roll] = pose?.map((angle) => Math.round(angle)) ?? [null, null, null];
    return {
      track: track?.number ?? null, left, top, width, height,
      label: labels[shown], confidence: rounded(confidence, 4), unsure: confidence < least || unjudged !== "",
      probabilities: byLabel(probabilities), raw: byLabel(track?.raw ?? raw),
      yaw, pitch, roll, quality: quality === null ? null : rounded(quality, 2), unjudged,
    };
  }
}
