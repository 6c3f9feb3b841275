// Pictures drawn into a canvas and taken out of it again, and whether the browser gives what was drawn.

const SIDE = 16; // pixels of the trial
const NOISE = 12; // of 255, the mean difference above which it is noise; some browsers change a pixel here and there

// Browsers that protect against being recognized again give pages noise in place of a canvas.
export function isScrambled() {
  const canvas = Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const wanted = [];
  for (let place = 0; place < SIDE * SIDE; place += 1) {
    const tone = (place * 37) % 256;
    pen.fillStyle = `rgb(${tone}, ${tone}, ${tone})`;
    pen.fillRect(place % SIDE, Math.floor(place / SIDE), 1, 1);
    wanted.push(tone);
  }
  const { data } = pen.getImageData(0, 0, SIDE, SIDE);
  return wanted.reduce((sum, tone, place) => sum + Math.abs(tone - data[4 * place]), 0) / wanted.length > NOISE;
}

// The image as a JPEG whose longer side is so many pixels at most; `quality` is 0 to 1. Gives the canvas with it.
export async function asJpeg(image, [width, height], longest, quality, canvas = document.createElement("canvas")) {
  const scale = Math.min(1, longest / Math.max(width, height));
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
}
