// How far a face can be judged, from 0 to 1, and in a word why not; see fer_nb.quality, whose steps and numbers these are.

const SIDE = 48; // pixels of a crop
const mirror = (place) => (place < 0 ? -place : place >= SIDE ? 2 * (SIDE - 1) - place : place);
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

function spread(values) {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}

const KERNELS = [1, 2].map((deviation) => { // as cv2.GaussianBlur has them, eight deviations wide
  const raw = Float64Array.from({ length: 8 * deviation + 1 }, (_, tap) => Math.exp(-((tap / deviation - 4) ** 2) / 2));
  const total = raw.reduce((sum, value) => sum + value, 0);
  return raw.map((value) => value / total);
});

// Along one side: pixels lie `step` apart, and lines `line`.
function blurredAlong(values, kernel, step, line) {
  const [half, to, row] = [kernel.length >> 1, new Float32Array(values.length), new Float64Array(SIDE + kernel.length)];
  for (let start = 0, count = 0; count < SIDE; count += 1, start += line) {
    for (let place = -half; place < SIDE + half; place += 1) row[place + half] = values[start + step * mirror(place)];
    for (let place = 0; place < SIDE; place += 1) {
      let sum = 0;
      for (let tap = 0; tap < kernel.length; tap += 1) sum += kernel[tap] * row[place + tap];
      to[start + step * place] = sum;
    }
  }
  return to;
}

const blurred = (values, kernel) => blurredAlong(blurredAlong(values, kernel, 1, SIDE), kernel, SIDE, 1);

// The deviation of the noise that Immerkær's filter leaves.
function noiseOf(crop) {
  let sum = 0;
  for (let y = 1; y < SIDE - 1; y += 1) {
    for (let x = 1; x < SIDE - 1; x += 1) {
      const row = (line) => crop[line * SIDE + x - 1] - 2 * crop[line * SIDE + x] + crop[line * SIDE + x + 1];
      sum += Math.abs(row(y - 1) - 2 * row(y) + row(y + 1));
    }
  }
  return ((Math.sqrt(Math.PI / 2) / 6) * sum) / (SIDE - 2) ** 2;
}

function visible(crop, burntOut) {
  const values = Float32Array.from(crop);
  const contrast = Math.max(spread(values), 1e-6);
  const [fine, coarse] = KERNELS.map((kernel) => blurred(values, kernel));
  const detail = spread(fine.map((value, place) => value - coarse[place])) / contrast;
  return [detail, contrast / Math.max(noiseOf(crop), 0.3), crop.filter((level) => level >= burntOut).length / crop.length];
}

const [BLOCK, CELL, STEP, BINS] = [16, 8, 8, 9]; // of the histograms of oriented gradients, as cv2.HOGDescriptor has them
const LIMIT = 0.2;

// Of each pixel: the two bins that its gradient falls between, and what each gets.
function gradientsOf(crop) {
  const count = crop.length;
  const made = { one: new Uint8Array(count), other: new Uint8Array(count), first: new Float64Array(count), second: new Float64Array(count) };
  for (let y = 0, place = 0; y < SIDE; y += 1) {
    const [above, below] = [mirror(y - 1) * SIDE, mirror(y + 1) * SIDE];
    for (let x = 0; x < SIDE; x += 1, place += 1) {
      const right = crop[y * SIDE + mirror(x + 1)] - crop[y * SIDE + mirror(x - 1)];
      const down = crop[below + x] - crop[above + x];
      const length = Math.sqrt(right * right + down * down);
      const turn = (Math.atan2(down, right) / Math.PI + 2) * BINS - 0.5; // two turns further, so that it is above 0
      const bin = Math.floor(turn);
      made.one[place] = bin % BINS;
      made.other[place] = (bin + 1) % BINS;
      made.first[place] = length * (1 - turn + bin);
      made.second[place] = length * (turn - bin);
    }
  }
  return made;
}

function normed(histogram) {
  const length = (values) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  const first = length(histogram) + 0.1 * histogram.length;
  const clipped = histogram.map((value) => Math.min(value / first, LIMIT));
  const second = length(clipped) + 1e-3;
  return clipped.map((value) => value / second);
}

// How much a pixel of a block counts for each of its four cells, which stand in columns.
const SHARES = Float64Array.from({ length: 4 * BLOCK * BLOCK }, (_, place) => {
  const [pixel, cell] = [place >> 2, place & 3];
  const at = [pixel % BLOCK, Math.floor(pixel / BLOCK)];
  const weight = Math.exp(-((at[0] - BLOCK / 2) ** 2 + (at[1] - BLOCK / 2) ** 2) / (2 * (BLOCK / 4) ** 2));
  const apart = [cell >> 1, cell & 1].map((middle, axis) => Math.abs((at[axis] + 0.5) / CELL - 0.5 - middle));
  return weight * Math.max(0, 1 - apart[0]) * Math.max(0, 1 - apart[1]);
});

function block({ one, other, first, second }, left, top) {
  const histogram = new Float64Array(4 * BINS);
  for (let y = 0, within = 0; y < BLOCK; y += 1) {
    for (let x = 0, place = (top + y) * SIDE + left; x < BLOCK; x += 1, within += 1, place += 1) {
      for (let cell = 0; cell < 4; cell += 1) {
        const share = SHARES[4 * within + cell];
        histogram[cell * BINS + one[place]] += first[place] * share;
        histogram[cell * BINS + other[place]] += second[place] * share;
      }
    }
  }
  return normed(histogram);
}

// The probability that something covers the mouth.
function covered(crop, { weights, offset }) {
  const gradients = gradientsOf(crop);
  let [sum, place] = [offset, 0];
  for (let left = 0; left <= SIDE - BLOCK; left += STEP) {
    for (let top = 0; top <= SIDE - BLOCK; top += STEP) {
      for (const value of block(gradients, left, top)) sum += value * weights[place++];
    }
  }
  return 1 / (1 + Math.exp(-Math.min(Math.max(sum, -50), 50)));
}

// Straight lines between the points, as np.interp.
function between(value, [places, shares]) {
  const next = places.findIndex((place) => place > value);
  if (next === 0) return shares[0];
  if (next < 0) return shares.at(-1);
  const along = (value - places[next - 1]) / (places[next] - places[next - 1]);
  return shares[next - 1] + along * (shares[next] - shares[next - 1]);
}

// The quality and what is worst; no word where nothing is wrong.
export function qualityOf(crop, { box, pose }, { curves, burnt_out: burntOut, dark, cover, covered_keeps: keeps }) {
  const [detail, signal, burnt] = visible(crop, burntOut);
  const light = mean(crop) >= dark ? "noisy" : "too dark"; // what the noise is blamed on
  const parts = [
    ["too far", between(box[2], curves["too far"])],
    ["blurred", between(detail, curves.blurred)],
    ["too bright", between(burnt, curves["too bright"])],
    [light, between(signal, curves["too dark"])],
    ["covered", 1 - (1 - keeps) * covered(crop, cover)],
  ];
  if (pose) parts.push(["turned away", between(Math.max(Math.abs(pose[0]), Math.abs(pose[1]) - 10), curves["turned away"])]);
  const [reason, quality] = parts.reduce((least, part) => (part[1] < least[1] ? part : least));
  return { quality, reason: quality < 1 ? reason : "" };
}
