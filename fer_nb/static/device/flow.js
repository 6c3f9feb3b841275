// How a face moved between two frames: Lucas and Kanade's optical flow in a pyramid, as OpenCV computes it, and what
// fer_nb.tracks makes of it. A face is carried so from frame to frame, in a tenth of the time that looking for it takes.

import { moved } from "./detector.js";
import { resize, roundEven } from "./image.js";

const WINDOW = 11; // pixels, of the surroundings that are compared
const HALF = (WINDOW - 1) / 2;
const LEVELS = 3;
const STEPS = 30; // at most, of each level
const STILL = 1e-4; // squared pixels of a step that is the last
const LEAST_EIGENVALUE = 1e-4; // of a window with enough detail
const BITS = 14; // of the weights between pixels
const ROUGH = 1 / 2 ** 20;
const f = Math.fround;

const mirror = (place, length) => {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const within = ((place % period) + period) % period;
  return within < length ? within : period - within;
};

const places = (first, count, length) => Int32Array.from({ length: count }, (_, step) => mirror(first + step, length));

// With a margin of mirrored pixels around it, so that windows may reach over the edge.
function padded({ data, width, height }) {
  const [stride, rows] = [width + 2 * WINDOW, height + 2 * WINDOW];
  const [columns, lines] = [places(-WINDOW, stride, width), places(-WINDOW, rows, height)];
  const wide = new Uint8Array(stride * rows);
  for (let y = 0, place = 0; y < rows; y += 1) {
    const from = lines[y] * width;
    for (let x = 0; x < stride; x += 1, place += 1) wide[place] = data[from + columns[x]];
  }
  return { data: wide, width, height, stride };
}

// Half the size, each pixel the mean of 25 around it, the nearest counting most.
function pyramidDown({ data, width, height }) {
  const [w, h] = [(width + 1) >> 1, (height + 1) >> 1];
  const [columns, lines] = [places(-2, 2 * w + 3, width), places(-2, 2 * h + 3, height)];
  const rows = new Int32Array(w * height);
  const five = (a, b, c, d, e) => a + e + 4 * (b + d) + 6 * c;
  for (let y = 0, place = 0; y < height; y += 1) {
    const from = y * width;
    for (let x = 0; x < w; x += 1, place += 1) {
      const at = (tap) => data[from + columns[2 * x + tap]];
      rows[place] = five(at(0), at(1), at(2), at(3), at(4));
    }
  }
  const small = new Uint8Array(w * h);
  for (let y = 0, place = 0; y < h; y += 1) {
    for (let x = 0; x < w; x += 1, place += 1) {
      const at = (tap) => rows[lines[2 * y + tap] * w + x];
      small[place] = (five(at(0), at(1), at(2), at(3), at(4)) + 128) >> 8;
    }
  }
  return { data: small, width: w, height: h };
}

// Scharr's derivatives to the right and down, 0 in the margin.
function slopesOf({ data, width, height, stride }) {
  const [right, down] = [new Int16Array(data.length), new Int16Array(data.length)];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0, at = (y + WINDOW) * stride + WINDOW; x < width; x += 1, at += 1) {
      const [above, below] = [at - stride, at + stride];
      const [a, c, g, i] = [data[above - 1], data[above + 1], data[below - 1], data[below + 1]];
      right[at] = 3 * (c + i - a - g) + 10 * (data[at + 1] - data[at - 1]);
      down[at] = 3 * (g + i - a - c) + 10 * (data[below] - data[above]);
    }
  }
  return [right, down];
}

function pyramidOf(picture) {
  const levels = [];
  for (let level = 0, small = picture; level < LEVELS; level += 1) {
    const wide = padded(small);
    levels.push({ wide, slopes: slopesOf(wide) });
    if (Math.min((small.width + 1) >> 1, (small.height + 1) >> 1) <= WINDOW) break;
    if (level + 1 < LEVELS) small = pyramidDown(small);
  }
  return levels;
}

// Where a window begins, and the weights of the four pixels that each of its own lies between.
function windowAt([x, y], { width, height, stride }) {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  if (!(left >= -WINDOW && left < width && top >= -WINDOW && top < height)) return null;
  const [a, b] = [f(x - left), f(y - top)];
  const [w00, w01] = [roundEven(f(f(f(1 - a) * f(1 - b)) * 2 ** BITS)), roundEven(f(f(a * f(1 - b)) * 2 ** BITS))];
  const w10 = roundEven(f(f(f(1 - a) * b) * 2 ** BITS));
  return { from: (top + WINDOW) * stride + left + WINDOW, weights: [w00, w01, w10, 2 ** BITS - w00 - w01 - w10] };
}

function read(data, stride, { from, weights: [w00, w01, w10, w11] }, bits, into) {
  const half = 1 << (bits - 1);
  for (let y = 0, place = 0; y < WINDOW; y += 1) {
    for (let x = 0, at = from + y * stride; x < WINDOW; x += 1, at += 1, place += 1) {
      into[place] = (data[at] * w00 + data[at + 1] * w01 + data[at + stride] * w10 + data[at + stride + 1] * w11 + half) >> bits;
    }
  }
  return into;
}

function products(one, other) {
  let sum = 0;
  for (let place = 0; place < one.length; place += 1) sum += one[place] * other[place];
  return f(sum * ROUGH);
}

const [LEVEL_OF, RIGHT, DOWN, NEXT] = [0, 1, 2, 3].map(() => new Int32Array(WINDOW * WINDOW)); // of one window at a time

// Follow a point through one level; gives where it is there, and whether that can be trusted.
function followIn(before, after, point, guess) {
  const { wide, slopes } = before;
  const window = windowAt(point.map((value) => f(value - HALF)), wide);
  if (!window) return { place: guess, seen: false };
  read(wide.data, wide.stride, window, BITS - 5, LEVEL_OF);
  read(slopes[0], wide.stride, window, BITS, RIGHT);
  read(slopes[1], wide.stride, window, BITS, DOWN);
  const [xx, xy, yy] = [products(RIGHT, RIGHT), products(RIGHT, DOWN), products(DOWN, DOWN)];
  const determinant = f(f(xx * yy) - f(xy * xy));
  const least = (yy + xx - Math.sqrt((xx - yy) ** 2 + 4 * xy * xy)) / (2 * WINDOW * WINDOW);
  if (least < LEAST_EIGENVALUE || determinant < 1.1920929e-7) return { place: guess, seen: false };

  let next = guess.map((value) => f(value - HALF));
  let last = null;
  for (let step = 0; step < STEPS; step += 1) {
    const there = windowAt(next, after.wide);
    if (!there) return { place: next.map((value) => f(value + HALF)), seen: false };
    read(after.wide.data, after.wide.stride, there, BITS - 5, NEXT);
    for (let place = 0; place < NEXT.length; place += 1) NEXT[place] -= LEVEL_OF[place];
    const [bx, by] = [products(NEXT, RIGHT), products(NEXT, DOWN)];
    const move = [f((xy * by - yy * bx) / determinant), f((xy * bx - xx * by) / determinant)];
    next = next.map((value, axis) => f(value + move[axis]));
    if (move[0] ** 2 + move[1] ** 2 <= STILL) break;
    if (last && Math.abs(move[0] + last[0]) < 0.01 && Math.abs(move[1] + last[1]) < 0.01) { // it swings
      next = next.map((value, axis) => f(value - move[axis] / 2));
      break;
    }
    last = move;
  }
  return { place: next.map((value) => f(value + HALF)), seen: true };
}

// Where the points of one picture are in another; null for those that were lost.
function track(before, after, points) {
  const top = Math.min(before.length, after.length) - 1;
  return points.map((point) => {
    let found = { place: point.map((value) => f(value / 2 ** top)), seen: false };
    for (let level = top; level >= 0; level -= 1) {
      if (level < top) found.place = found.place.map((value) => f(2 * value));
      found = followIn(before[level], after[level], point.map((value) => f(value / 2 ** level)), found.place);
    }
    const inside = windowAt(found.place.map((value) => f(value - HALF)), after[0].wide);
    return { place: found.place, seen: found.seen && inside !== null };
  });
}

// The part of a frame around a box, twice as large, and the scale that shrinks the face in it.
function surroundings([left, top, width, height], picture, side) {
  const low = [left + width / 2 - width, top + height / 2 - height].map(Math.floor);
  const high = [left + width / 2 + width, top + height / 2 + height].map(Math.ceil);
  const most = [picture.width, picture.height];
  const [from, to] = [low, high].map((corner) => corner.map((value, axis) => Math.min(Math.max(value, 0), most[axis])));
  return { from, to, scale: Math.min(1, side / Math.max(width, height, 1)) };
}

function part({ data, width }, [left, top], [right, bottom], scale) {
  const cut = new Uint8Array((right - left) * (bottom - top));
  for (let y = top; y < bottom; y += 1) cut.set(data.subarray(y * width + left, y * width + right), (y - top) * (right - left));
  const picture = { data: cut, width: right - left, height: bottom - top };
  return resize(picture, roundEven(picture.width * scale), roundEven(picture.height * scale), 1, 1 / scale);
}

const median = (values) => [...values].sort((one, other) => one - other)[values.length >> 1];
const medianPoint = (points) => [0, 1].map((axis) => median(points.map((point) => point[axis])));

function spread(points) {
  const middle = medianPoint(points);
  return median(points.map(([x, y]) => Math.hypot(x - middle[0], y - middle[1])));
}

// Shift in pixels and scale, or null where the motion can't be seen.
function flow(before, after, box, { side, grid, trusted, zoom }) {
  const { from, to, scale } = surroundings(box, before, side);
  const same = before.width === after.width && before.height === after.height;
  if (!same || Math.min(to[0] - from[0], to[1] - from[1]) < 16) return null;
  const [one, other] = [before, after].map((gray) => pyramidOf(part(gray, from, to, scale)));
  const middle = [box[0] + box[2] / 2 - from[0], box[1] + box[3] / 2 - from[1]];
  const start = grid.map((place) => [0, 1].map((axis) => f((middle[axis] + place[axis] * box[2 + axis]) * scale)));
  const end = track(one, other, start);
  const back = track(other, one, end.map(({ place }) => place));
  const returned = (which) => Math.hypot(back[which].place[0] - start[which][0], back[which].place[1] - start[which][1]) < 1;
  const good = [...start.keys()].filter((which) => end[which].seen && back[which].seen && returned(which));
  if (good.length < trusted) return null;
  const [left, arrived] = [good.map((which) => start[which]), good.map((which) => end[which].place)];
  const shift = medianPoint(good.map((_, place) => [0, 1].map((axis) => arrived[place][axis] - left[place][axis])));
  const grown = spread(arrived) / Math.max(spread(left), 1e-6);
  return { shift: shift.map((value) => value / scale), scale: Math.min(Math.max(grown, zoom[0]), zoom[1]) };
}

// The faces of the frame before, moved to where they are in this one; null where it is time to detect. With `anew` they are a hint
// for the detector, and are carried into another slot, too.
export function carry(before, gray, seconds, constants, anew = false) {
  if (!before || !before.faces.length || seconds === null || before.seconds === null) return null;
  const { carry_seconds: longest, detect_seconds: slot } = constants;
  const step = seconds - before.seconds;
  const sameSlot = Math.floor(seconds / slot) === Math.floor(before.seconds / slot);
  if (!(step >= 0 && step <= longest) || !(sameSlot || anew)) return null;
  const carried = [];
  for (const face of before.faces) {
    const motion = flow(before.gray, gray, face.box, constants);
    if (!motion) return null;
    carried.push(moved(face, motion.shift, motion.scale));
  }
  return carried;
}
