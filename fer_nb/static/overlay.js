// A frame and the boxes that were found in it, drawn together.

import { bright, UNSURE } from "./colours.js";
import { element, percent } from "./dom.js";
import { labelOf } from "./faces.js";

const INK = "#14181d";
const FONT = '600 15px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif';

const canvas = element("canvas");
const pen = canvas.getContext("2d");
let shown = null;

function drawBox(face, size, scale, mirrored) {
  const { y, width, height } = face.box;
  const x = mirrored ? size.width - face.box.x - width : face.box.x;
  const colour = face.unsure ? UNSURE : bright(face.label, Object.keys(face.probabilities));
  pen.strokeStyle = pen.fillStyle = colour;
  pen.lineWidth = 3;
  pen.strokeRect(x * scale, y * scale, width * scale, height * scale);

  const text = `${face.number} ${labelOf(face)}${face.unsure ? "" : ` ${percent(face.confidence)}`}`;
  const [tagWidth, tagHeight] = [pen.measureText(text).width + 14, 24];
  // A face at an edge keeps its label in the picture.
  const left = Math.max(0, Math.min(x * scale - 1.5, size.width * scale - tagWidth));
  const top = Math.max(0, y * scale - tagHeight);
  pen.fillRect(left, top, tagWidth, tagHeight);
  pen.fillStyle = INK;
  pen.fillText(text, left + 7, top + tagHeight / 2 + 1);
}

// Drawn at the screen's own resolution, so that boxes and text are sharp over a small frame.
function draw() {
  if (!shown) return;
  const { image, size, faces, mirrored } = shown;
  const room = element("stage").getBoundingClientRect();
  const scale = Math.min(room.width / size.width, room.height / size.height) || 1; // screen pixels a frame pixel
  const density = window.devicePixelRatio || 1;
  canvas.width = Math.round(size.width * scale * density);
  canvas.height = Math.round(size.height * scale * density);

  pen.setTransform(mirrored ? -density : density, 0, 0, density, mirrored ? canvas.width : 0, 0);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(image, 0, 0, size.width * scale, size.height * scale);
  pen.setTransform(density, 0, 0, density, 0, 0);
  pen.font = FONT;
  pen.textBaseline = "middle";
  for (const face of faces) drawBox(face, size, scale, mirrored);
}

// `size` is what the boxes are measured in; the image itself may be of another resolution.
export function showFrame(image, size, faces, mirrored = false) {
  element("stage").style.setProperty("--aspect", size.width / size.height);
  shown = { image, size, faces, mirrored };
  canvas.hidden = false;
  draw();
}

export function hideFrame() {
  shown = null;
  canvas.hidden = true;
}

new ResizeObserver(draw).observe(element("stage"));
