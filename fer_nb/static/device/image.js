// Pictures as arrays of levels, made gray, small and upright as the Python side's OpenCV does it: to the level, so that both
// hand the networks the same.

const COLOURS = 3; // what a canvas has besides is never looked at

// { data, width, height } of a canvas (RGBA) to the same with one level a pixel.
export function toGray({ data, width, height }) {
  const gray = new Uint8Array(width * height);
  for (let place = 0, pixel = 0; place < gray.length; place += 1, pixel += 4) {
    gray[place] = (data[pixel] * 9798 + data[pixel + 1] * 19235 + data[pixel + 2] * 3735 + 16384) >> 15;
  }
  return { data: gray, width, height };
}

// Half the size; of an odd side the last row or column is left out.
function halve(picture, channels, [w, h] = [picture.width >> 1, picture.height >> 1]) {
  const half = new Uint8Array(w * h * channels);
  (channels === 4 ? halveColours : halveGray)(picture, half, w, h);
  return { data: half, width: w, height: h };
}

function halveGray({ data, width }, half, w, h) {
  for (let y = 0, place = 0; y < h; y += 1) {
    for (let x = 0, from = 2 * y * width; x < w; x += 1, from += 2, place += 1) {
      half[place] = (data[from] + data[from + 1] + data[from + width] + data[from + width + 1] + 2) >> 2;
    }
  }
}

const EVERY_SECOND = 0x00ff00ff; // of a pixel's four bytes, so that two are added at once

function halveColours({ data, width, height }, half, w, h) {
  const [pixels, halves] = [new Uint32Array(data.buffer, data.byteOffset, width * height), new Uint32Array(half.buffer)];
  for (let y = 0, place = 0; y < h; y += 1) {
    for (let x = 0, from = 2 * y * width; x < w; x += 1, from += 2, place += 1) {
      const a = pixels[from]; // one by one: no array is made for each pixel
      const b = pixels[from + 1];
      const c = pixels[from + width];
      const d = pixels[from + width + 1];
      const even = (a & EVERY_SECOND) + (b & EVERY_SECOND) + (c & EVERY_SECOND) + (d & EVERY_SECOND) + 0x00020002;
      const odd = ((a >>> 8) & EVERY_SECOND) + ((b >>> 8) & EVERY_SECOND) + ((c >>> 8) & EVERY_SECOND) + ((d >>> 8) & EVERY_SECOND);
      halves[place] = ((even >>> 2) & EVERY_SECOND) | ((((odd + 0x00020002) >>> 2) & EVERY_SECOND) << 8);
    }
  }
}

const ONE = 2048; // the fixed-point 1 of OpenCV's linear resize

// Where each pixel of a side comes from: the two places, and the weight of each.
function taps(from, to, scale) {
  const made = { first: new Int32Array(to), second: new Int32Array(to), one: new Int32Array(to), other: new Int32Array(to) };
  for (let place = 0; place < to; place += 1) {
    const middle = Math.fround((place + 0.5) * scale - 0.5);
    let start = Math.floor(middle);
    let share = Math.fround(middle - start);
    if (start < 0) [start, share] = [0, 0];
    if (start >= from - 1) [start, share] = [from - 1, 0];
    made.first[place] = start;
    made.second[place] = Math.min(start + 1, from - 1);
    made.one[place] = roundEven(Math.fround(1 - share) * ONE);
    made.other[place] = roundEven(share * ONE);
  }
  return made;
}

export function roundEven(value) {
  const down = Math.floor(value);
  const rest = value - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 !== 0) ? down + 1 : down;
}

// `scale` is pixels of the picture, one of the small one, where it is not the ratio of the sizes.
export function resize(picture, w, h, channels, scale = null) {
  const { data, width, height } = picture;
  if (w === width && h === height) return picture;
  if (scale === 2) return halve(picture, channels, [w, h]); // which is what OpenCV does then
  const [x, y] = [taps(width, w, scale ?? width / w), taps(height, h, scale ?? height / h)];
  const rows = [new Int32Array(w * channels), new Int32Array(w * channels)];
  const held = [-1, -1]; // which rows of the picture these are
  const small = new Uint8Array(w * h * channels);
  const colours = Math.min(channels, COLOURS);

  function stretch(line, row) {
    const from = line * width;
    for (let place = 0, target = 0; place < w; place += 1, target += channels) {
      const first = (from + x.first[place]) * channels;
      const second = (from + x.second[place]) * channels;
      const one = x.one[place];
      const other = x.other[place];
      for (let c = 0; c < colours; c += 1) row[target + c] = data[first + c] * one + data[second + c] * other;
    }
  }

  for (let line = 0; line < h; line += 1) {
    [y.first[line], y.second[line]].forEach((wanted, which) => {
      if (held[which] === wanted) return;
      if (which === 0 && held[1] === wanted) {
        rows.reverse();
        held.reverse();
        return;
      }
      stretch(wanted, rows[which]);
      held[which] = wanted;
    });
    const [upper, lower] = rows;
    const [one, other] = [y.one[line], y.other[line]];
    for (let place = 0, target = line * w * channels; place < w * channels; place += 1, target += 1) {
      small[target] = (((one * (upper[place] >> 4)) >> 16) + ((other * (lower[place] >> 4)) >> 16) + 2) >> 2;
    }
  }
  return { data: small, width: w, height: h };
}

// The picture with its proportions, its longer side as long as that; see `shrink` in fer_nb.faces.
export function shrink(picture, side, channels) {
  const longest = Math.max(picture.width, picture.height);
  const [w, h] = [picture.width, picture.height].map((length) => Math.max(1, roundEven((length * side) / longest)));
  let small = picture;
  while (Math.max(small.width, small.height) >= 2 * side && Math.min(small.width, small.height) >= 2) small = halve(small, channels);
  return resize(small, w, h, channels);
}

const FINE = 1024; // the fixed-point 1 of OpenCV's warps, of which 32 steps a pixel are used
const clamp = (value, most) => (value < 0 ? 0 : value > most ? most : value);

// A square of `size` pixels whose top left, top right and bottom left corners lie at these points of the gray picture; pixels
// beyond its edge are those of the edge. As cv2.warpAffine with INTER_LINEAR and BORDER_REPLICATE.
export function warpSquare({ data, width, height }, [corner, right, below], size) {
  const [c, r, b] = [corner, right, below].map((point) => point.map((value) => Math.fround(value - 0.5)));
  const across = [(r[0] - c[0]) / size, (r[1] - c[1]) / size];
  const down = [(b[0] - c[0]) / size, (b[1] - c[1]) / size];
  const start = [0, 1].map((axis) => c[axis] + (across[axis] + down[axis]) / 2);
  const steps = [0, 1].map((axis) => Int32Array.from({ length: size }, (_, x) => roundEven(across[axis] * x * FINE)));
  const [stepsX, stepsY] = steps;
  const square = new Uint8Array(size * size);
  const ends = [0, 1].flatMap((axis) => [0, size].flatMap((x) => [0, size].map((y) => start[axis] + across[axis] * x + down[axis] * y)));
  const most = [Math.max(...ends.slice(0, 4)) - width, Math.max(...ends.slice(4)) - height];
  const isInside = Math.min(...ends) > 1 && Math.max(...most) < -2; // then no pixel is looked for beyond the edge
  for (let y = 0, target = 0; y < size; y += 1) {
    const x0 = roundEven((down[0] * y + start[0]) * FINE) + FINE / 64;
    const y0 = roundEven((down[1] * y + start[1]) * FINE) + FINE / 64;
    for (let x = 0; x < size; x += 1, target += 1) {
      const px = (x0 + stepsX[x]) >> 5; // in 32nds of a pixel
      const py = (y0 + stepsY[x]) >> 5;
      const left = px >> 5;
      const top = py >> 5;
      const x1 = isInside ? left : clamp(left, width - 1);
      const x2 = isInside ? left + 1 : clamp(left + 1, width - 1);
      const y1 = (isInside ? top : clamp(top, height - 1)) * width;
      const y2 = (isInside ? top + 1 : clamp(top + 1, height - 1)) * width;
      const u = px & 31;
      const upper = (data[y1 + x1] << 5) + (data[y1 + x2] - data[y1 + x1]) * u;
      const lower = (data[y2 + x1] << 5) + (data[y2 + x2] - data[y2 + x1]) * u;
      square[target] = ((upper << 5) + (lower - upper) * (py & 31) + 512) >> 10;
    }
  }
  return square;
}

// Means of blocks of `times` x `times` pixels.
export function averageDown(square, size, times) {
  const side = size / times;
  const share = Math.fround(1 / (times * times));
  const small = new Uint8Array(side * side);
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      let sum = 0;
      for (let line = 0; line < times; line += 1) {
        const from = (y * times + line) * size + x * times;
        for (let place = from; place < from + times; place += 1) sum += square[place];
      }
      small[y * side + x] = times === 2 ? (sum + 2) >> 2 : roundEven(Math.fround(sum * share));
    }
  }
  return small;
}
