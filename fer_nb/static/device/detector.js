// BlazeFace's input and output; see fer_nb.faces and _look in fer_nb.search, whose steps and numbers these are.

import { roundEven } from "./image.js";

const LEVELS = Float32Array.from({ length: 256 }, (_, level) => Math.fround(level / 127.5) - 1);

function anchorsOf(height, width, strides) {
  const anchors = [];
  for (const [stride, repeats] of strides) {
    for (let y = stride / 2; y < height; y += stride) {
      for (let x = stride / 2; x < width; x += stride) {
        for (let repeat = 0; repeat < repeats; repeat += 1) anchors.push([x, y]);
      }
    }
  }
  return anchors;
}

function isGray({ data }) {
  for (let pixel = 0; pixel < data.length; pixel += 4) if (data[pixel] !== data[pixel + 2]) return false;
  return true;
}

const tinted = (share) => LEVELS.map((_, level) => LEVELS[Math.min(255, roundEven(level * share))]);

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

export class BlazeFace {
  constructor(
    constants, // strides, least_logit, overlap, tint
    network, // from inputs and their shape to the outputs, Float32Arrays
  ) {
    Object.assign(this, { constants, network, anchors: new Map(), tint: constants.tint.slice(0, 3).map(tinted) });
  }

  // The faces that it sees in { data, width, height } (RGBA) at the size that it has, the surest first; `border` is black.
  async look(picture, border = 0) {
    const [height, width] = [picture.height, picture.width].map((length) => Math.ceil((length + 2 * border) / 32) * 32);
    const offset = [(width - picture.width) >> 1, (height - picture.height) >> 1];
    const outputs = await this.network(this.inputsOf(picture, width, height, offset), [1, height, width, 3]);
    const [logits, points] = outputs.sort((one, other) => one.length - other.length);
    const found = mergeOverlapping(this.candidates(logits, points, this.anchorsOf(height, width)), this.constants.overlap);
    return [...found].map((face) => moved(face, offset.map((value) => -value)));
  }

  anchorsOf(height, width) {
    const key = `${height} ${width}`;
    if (!this.anchors.has(key)) this.anchors.set(key, anchorsOf(height, width, this.constants.strides));
    return this.anchors.get(key);
  }

  inputsOf({ data, ...picture }, width, height, [left, top]) {
    if (this.inputs?.length !== 3 * width * height) this.inputs = new Float32Array(3 * width * height);
    const inputs = this.inputs.fill(LEVELS[0]);
    const [red, green, blue] = isGray({ data }) ? this.tint : [LEVELS, LEVELS, LEVELS];
    for (let y = 0, pixel = 0; y < picture.height; y += 1) {
      let place = ((top + y) * width + left) * 3;
      for (let x = 0; x < picture.width; x += 1, pixel += 4, place += 3) {
        inputs[place] = red[data[pixel]];
        inputs[place + 1] = green[data[pixel + 1]];
        inputs[place + 2] = blue[data[pixel + 2]];
      }
    }
    return inputs;
  }

  candidates(logits, points, anchors) {
    const found = [];
    logits.forEach((logit, which) => {
      if (!(logit > this.constants.least_logit)) return;
      const at = (point) => [0, 1].map((axis) => Math.fround(points[16 * which + 2 * point + axis] + anchors[which][axis]));
      const size = [points[16 * which + 2], points[16 * which + 3]];
      found.push({ centre: at(0), size, eyes: [at(2), at(3)], score: 1 / (1 + Math.exp(-Math.min(logit, 80))) });
    });
    return found;
  }
}

// The same face in a larger copy of the picture.
export function enlarged({ box, eyes, ...face }, scale) {
  return { ...face, box: box.map((value) => value * scale), eyes: eyes.map((eye) => eye.map((value) => value * scale)) };
}

// The same face elsewhere, larger or smaller, about the middle of its box.
export function moved({ box: [left, top, width, height], eyes, ...face }, shift, scale = 1) {
  const middle = [left + width / 2, top + height / 2];
  const size = [width * scale, height * scale];
  const corner = [0, 1].map((axis) => middle[axis] + shift[axis] - size[axis] / 2);
  const move = (eye) => [0, 1].map((axis) => middle[axis] + shift[axis] + (eye[axis] - middle[axis]) * scale);
  return { ...face, box: [...corner, ...size], eyes: eyes.map(move) };
}
