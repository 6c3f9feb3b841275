// A picture and the boxes that were found in it, drawn together. The page draws with it, and the widget of notebooks.

import { percent } from "./dom.js";

const INK = "#14181d";
const FONT = '600 15px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif';

export const labelOf = (face) => face.unjudged || (face.unsure ? "unsure" : face.label); // such as "too far"

function drawBox(pen, face, colour, frame, scale, mirrored) {
  const { top, width, height } = face;
  const left = mirrored ? frame.width - face.left - width : face.left;
  pen.strokeStyle = pen.fillStyle = colour;
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

// Drawn at the screen's own resolution, so that boxes and text are sharp over a small frame; `frame` has the faces, and the
// width and height that their boxes are measured in. Gives the pixels of the screen that a pixel of the frame takes.
export function drawFrame(
  canvas,
  image,
  frame,
  room, // width and height on the screen that it may take
  mirrored,
  colourOf, // gives a face's
) {
  const scale = Math.min(room.width / frame.width, room.height / frame.height) || 1;
  const density = window.devicePixelRatio || 1;
  canvas.width = Math.round(frame.width * scale * density);
  canvas.height = Math.round(frame.height * scale * density);

  const pen = canvas.getContext("2d");
  pen.setTransform(mirrored ? -density : density, 0, 0, density, mirrored ? canvas.width : 0, 0);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(image, 0, 0, frame.width * scale, frame.height * scale);
  pen.setTransform(density, 0, 0, density, 0, 0);
  pen.font = FONT;
  pen.textBaseline = "middle";
  for (const face of frame.faces) drawBox(pen, face, colourOf(face), frame, scale, mirrored);
  return scale;
}
