// The page's picture: the frame that is shown, with its boxes.

import { drawFrame } from "./boxes.js";
import { boxColour } from "./colours.js";
import { element } from "./dom.js";

const canvas = element("canvas");
let shown = null;

function draw() {
  if (!shown) return;
  const { image, frame, mirrored } = shown;
  drawFrame(canvas, image, frame, element("stage").getBoundingClientRect(), mirrored, boxColour);
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
