// The face mesh: whether something is a face, where its eyes are, how large it is and where it looks; see FaceMesh in
// fer_nb.search, whose steps and numbers these are.

import { averageDown, warpSquare } from "./image.js";

const SHARES = Float32Array.from({ length: 256 }, (_, level) => Math.fround(level * Math.fround(1 / 255)));
const minus = (one, other) => one.map((value, axis) => value - other[axis]);
const degrees = (radians) => (radians * 180) / Math.PI;
const dot = (one, other) => one.reduce((sum, value, axis) => sum + value * other[axis], 0);
const mean = (points) => points[0].map((_, axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length);

function unit(vector) {
  const length = Math.max(Math.hypot(...vector), 1e-9);
  return vector.map((value) => value / length);
}

function cross([a, b, c], [x, y, z]) {
  return [b * z - c * y, c * x - a * z, a * y - b * x];
}

// Yaw to the right as the camera sees it, pitch upwards, roll clockwise, in degrees.
function poseOf(points, { across: ends, brow_to_chin: line, yaw_share: share, pitch_at_rest: rest }) {
  const [across, down] = [ends, line].map(([start, end]) => minus(points[end], points[start]));
  const roll = Math.atan2(across[1], across[0]);
  const [x, y, away] = cross(across, down);
  const right = Math.cos(roll) * x + Math.sin(roll) * y; // as if the head were upright
  const below = Math.cos(roll) * y - Math.sin(roll) * x;
  const pitch = Math.atan2(below, Math.hypot(right, away));
  return [degrees(Math.atan2(-right, away)) / share, degrees(pitch) - rest, degrees(roll)];
}

export class FaceMesh {
  constructor(
    constants, // side, room, eyes, brow_to_chin, across, radius, below_eyes, yaw_share, pitch_at_rest
    network, // from inputs and their shape to the outputs, Float32Arrays
  ) {
    Object.assign(this, { constants, network, inputs: new Float32Array(3 * constants.side ** 2) });
  }

  // The points of the picture that become the input's top left, top right and bottom left corner.
  cornersOf({ box: [left, top, width, height], eyes }) {
    const right = unit(minus(eyes[1], eyes[0]));
    const [down, side] = [[-right[1], right[0]], width * this.constants.room];
    const corner = [left + width / 2, top + height / 2].map((value, axis) => value - (side / 2) * (right[axis] + down[axis]));
    return [[0, 0], [side, 0], [0, side]].map(([along, below]) =>
      corner.map((value, axis) => Math.fround(value + along * right[axis] + below * down[axis])));
  }

  inputsOf(gray, corners) {
    const { side } = this.constants;
    const times = Math.floor(Math.min(Math.max(Math.hypot(...minus(corners[1], corners[0])) / side, 1), 4));
    const square = warpSquare(gray, corners, side * times);
    const small = times === 1 ? square : averageDown(square, side * times, times);
    const { inputs } = this;
    for (let pixel = 0, place = 0; pixel < small.length; pixel += 1, place += 3) {
      inputs[place] = inputs[place + 1] = inputs[place + 2] = SHARES[small[pixel]];
    }
    return inputs;
  }

  // The landmarks in pixels of the picture (right, down, away), and the logit of whether there is a face.
  async landmarks(gray, face) {
    const { side } = this.constants;
    const corners = this.cornersOf(face);
    const outputs = await this.network(this.inputsOf(gray, corners), [1, side, side, 3]);
    const [[logit], values] = outputs.sort((one, other) => one.length - other.length);
    const [right, down] = [1, 2].map((which) => minus(corners[which], corners[0]).map((value) => value / side));
    const deep = Math.hypot(...right);
    const points = Array.from({ length: values.length / 3 }, (_, which) => {
      const [x, y, z] = values.subarray(3 * which, 3 * which + 3);
      return [corners[0][0] + x * right[0] + y * down[0], corners[0][1] + x * right[1] + y * down[1], z * deep];
    });
    return { points, logit };
  }

  // The face where the mesh sees it, with its pose; its score is the mesh's logit.
  async fit(gray, face) {
    const { eyes: corners, radius, below_eyes: below } = this.constants;
    const { points, logit } = await this.landmarks(gray, face);
    const eyes = corners.map((ends) => mean(ends.map((end) => points[end].slice(0, 2))));
    const middleOfAll = mean(points);
    const width = Math.sqrt(mean(points.map((point) => [dot(minus(point, middleOfAll), minus(point, middleOfAll))]))[0]) / radius;
    const right = unit(minus(eyes[1], eyes[0]));
    const middle = mean(eyes).map((value, axis) => value + below * width * [-right[1], right[0]][axis]);
    const box = [middle[0] - width / 2, middle[1] - width / 2, width, width];
    return { box, eyes, score: logit, pose: poseOf(points, this.constants) };
  }
}
