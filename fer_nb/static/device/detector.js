// BlazeFace's input and output; see fer_nb.faces, whose steps and numbers these are.

import { shrink } from "./image.js";

const LEVELS = Float32Array.from({ length: 256 }, (_, level) => Math.fround(level / 127.5) - 1);

function anchorsOf({ side, anchor_grids: grids }) {
  const anchors = [];
  for (const [cells, repeats] of grids) {
    for (let cell = 0; cell < cells * cells; cell += 1) {
      const centre = [(side * ((cell % cells) + 0.5)) / cells, (side * (Math.floor(cell / cells) + 0.5)) / cells];
      for (let repeat = 0; repeat < repeats; repeat += 1) anchors.push(centre);
    }
  }
  return anchors;
}

// The picture, whose longer side is the network's, in the middle of a black square.
function letterbox({ data, width, height }, side) {
  const [left, top] = [(side - width) >> 1, (side - height) >> 1];
  const inputs = new Float32Array(side * side * 3).fill(LEVELS[0]);
  for (let y = 0, pixel = 0; y < height; y += 1) {
    let place = ((top + y) * side + left) * 3;
    for (let x = 0; x < width; x += 1, pixel += 4, place += 3) {
      inputs[place] = LEVELS[data[pixel]];
      inputs[place + 1] = LEVELS[data[pixel + 1]];
      inputs[place + 2] = LEVELS[data[pixel + 2]];
    }
  }
  return { inputs, offset: [left, top] };
}

function overlap(one, other) {
  const shared = [0, 1].map((axis) => {
    const low = Math.max(one.centre[axis] - one.size[axis] / 2, other.centre[axis] - other.size[axis] / 2);
    const high = Math.min(one.centre[axis] + one.size[axis] / 2, other.centre[axis] + other.size[axis] / 2);
    return Math.max(high - low, 0);
  });
  const both = shared[0] * shared[1];
  return both / Math.max(one.size[0] * one.size[1] + other.size[0] * other.size[1] - both, 1e-9);
}

function mean(candidates, read) {
  const total = candidates.reduce((sum, { score }) => sum + score, 0);
  return [0, 1].map((axis) => candidates.reduce((sum, one) => sum + one.score * read(one)[axis], 0) / total);
}

// One face of the candidates that overlap the best one: their mean, weighted by score.
function merged(same, score) {
  const [centre, size] = [mean(same, (one) => one.centre), mean(same, (one) => one.size)];
  const eyes = [0, 1].map((which) => mean(same, (one) => one.eyes[which])).sort((one, other) => one[0] - other[0]);
  return { box: [centre[0] - size[0] / 2, centre[1] - size[1] / 2, ...size], eyes, score };
}

function* mergeOverlapping(candidates, least) {
  let rest = [...candidates].sort((one, other) => other.score - one.score);
  while (rest.length) {
    const [best] = rest;
    const same = rest.filter((one, place) => place === 0 || overlap(best, one) > least);
    yield merged(same, best.score);
    rest = rest.filter((one) => !same.includes(one));
  }
}

export class Detector {
  constructor(
    constants, // side, anchor_grids, least_logit, overlap
    network, // from inputs to its outputs, Float32Arrays
  ) {
    Object.assign(this, { constants, network, anchors: anchorsOf(constants) });
  }

  // The faces of { data, width, height } (RGBA), from left to right, in its pixels.
  async detect(picture) {
    const { side, overlap: least } = this.constants;
    const { inputs, offset } = letterbox(shrink(picture, side, 4), side);
    const outputs = await this.network(inputs, [1, side, side, 3]);
    const [logits, points] = outputs.sort((one, other) => one.length - other.length);
    const found = [...mergeOverlapping(this.candidates(logits, points, offset), least)];
    const scale = Math.max(picture.width, picture.height) / side;
    return found.map((face) => enlarged(face, scale)).sort((one, other) => one.box[0] - other.box[0]);
  }

  candidates(logits, points, offset) {
    const found = [];
    logits.forEach((logit, which) => {
      if (!(logit > this.constants.least_logit)) return;
      const at = (point) => [0, 1].map((axis) =>
        Math.fround(points[16 * which + 2 * point + axis] + this.anchors[which][axis] - offset[axis]));
      const size = [points[16 * which + 2], points[16 * which + 3]];
      found.push({ centre: at(0), size, eyes: [at(2), at(3)], score: 1 / (1 + Math.exp(-Math.min(logit, 80))) });
    });
    return found;
  }
}

function enlarged({ box, eyes, score }, scale) {
  return { box: box.map((value) => value * scale), eyes: eyes.map((eye) => eye.map((value) => value * scale)), score };
}

// The same face elsewhere, larger or smaller, about the middle of its box.
export function moved({ box: [left, top, width, height], eyes, score }, shift, scale = 1) {
  const middle = [left + width / 2, top + height / 2];
  const size = [width * scale, height * scale];
  const corner = [0, 1].map((axis) => middle[axis] + shift[axis] - size[axis] / 2);
  const move = (eye) => [0, 1].map((axis) => middle[axis] + shift[axis] + (eye[axis] - middle[axis]) * scale);
  return { box: [...corner, ...size], eyes: eyes.map(move), score };
}
