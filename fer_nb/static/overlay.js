// A frame and the boxes that were found in it, drawn together.

import { boxColour } from "./colours.js";
import { element, percent } from "./dom.js";
import { labelOf } from "./faces.js";

const INK = "#14181d";
const FONT = '600 15px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif';

const canvas = element("canvas");
const pen = canvas.getContext("2d");
let shown = null;

function drawBox(face, frame, scale, mirrored) {
  const { top, width, height } = face;
  const left = mirrored ? frame.width - face.left - width : face.left;
  pen.strokeStyle = pen.fillStyle = boxColour(face);
  pen.lineWidth = 3;
  pen.strokeRect(left * scale, top * scale, width * scale, height * scale);

  const text = `${face.track} ${labelOf(face)}${face.unsure ? "" : ` ${percent(face.confidence)}`}`;
  const [tagWidth, tagHeight] = [pen.measureText(text).width + 14, 24];
  // A face at an edge keeps its label in the picture.
  const tagLeft = Math.max(0, Math.min(left * scale - 1.5, frame.width * scale - tagWidth));
  const tagTop = Math.max(0, top * scale - tagHeight);
  pen.fillRect(tagLeft, tagTop, tagWidth, tagHeight);
  pen.fillStyle = INK;
  pen.fillText(text, tagLeft + 7, tagTop + tagHeight / 2 + 1);
}

// Drawn at the screen's own resolution, so that boxes and text are sharp over a small frame.
function draw() {
  if (!shown) return;
  const { image, frame, mirrored } = shown;
  const room = element("stage").getBoundingClientRect();
  const scale = Math.min(room.width / frame.width, room.height / frame.height) || 1; // screen pixels a frame pixel
  const density = window.devicePixelRatio || 1;
  canvas.width = Math.round(frame.width * scale * density);
  canvas.height = Math.round(frame.height * scale * density);

  pen.setTransform(mirrored ? -density : density, 0, 0, density, mirrored ? canvas.width : 0, 0);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(image, 0, 0, frame.width * scale, frame.height * scale);
  pen.setTransform(density, 0, 0, density, 0, 0);
  pen.font = FONT;
  pen.textBaseline = "middle";
  for (const face of frame.faces) drawBox(face, frame, scale, mirrored);
}

// `frame` has the faces, and the width and height that their boxes are measured in; the image may be of another resolution.
export function showFrame(image, frame, mirrored = false) {
  element("stage").style.setProperty("--aspect", frame.width / frame.height);
  if (shown && shown.image !== image) shown.image.close?.(); // a bitmap's memory, before the collector comes
  shown = { image, frame, mirrored };
  canvas.hidden = false;
  draw();
}

export function hideFrame() {
  shown?.image.close?.();
  shown = null;
  canvas.hidden = true;
}

new ResizeObserver(draw).observe(element("stage"));
