// The demo: a photograph through a camera that moves, zooms and turns, as demo_frame in fer_nb.sources draws it.

import { showFrame } from "./overlay.js";

const SIZE = [640, 480]; // pixels
const ROUND = 24; // seconds, after which it repeats
const PACE = 33; // milliseconds a frame
const NAME = "Demo: Eileen Collins, photographed by NASA";

// What is beyond the photograph's edge is its mirror image.
function drawTiles(pen, photo) {
  for (const [x, y] of [[0, 0], [-1, 0], [1, 0], [0, -1], [-1, -1], [1, -1], [0, 1], [-1, 1], [1, 1]]) {
    pen.save();
    pen.translate(x * photo.width, y * photo.height);
    if (x) pen.transform(-1, 0, 0, 1, photo.width, 0);
    if (y) pen.transform(1, 0, 0, -1, 0, photo.height);
    pen.drawImage(photo, 0, 0);
    pen.restore();
  }
}

function drawFrame(pen, photo, seconds) {
  const phase = (2 * Math.PI * seconds) / ROUND;
  const centre = [228 + 22 * Math.sin(2 * phase), 150 + 14 * Math.sin(3 * phase)]; // around the face
  const zoom = 1.9 + 0.7 * Math.sin(phase);
  const turn = ((6 * Math.PI) / 180) * Math.sin(2 * phase + 1);
  const [along, across] = [zoom * Math.cos(turn), zoom * Math.sin(turn)];
  const shift = [SIZE[0] / 2 - along * centre[0] - across * centre[1], SIZE[1] / 2 + across * centre[0] - along * centre[1]];
  pen.setTransform(along, -across, across, along, ...shift);
  drawTiles(pen, photo);
}

export async function playDemo(
  report, // called with a state and what is to be said of it
  signal, // ends it all
  readFrames, // see device.js
) {
  const trouble = (state, message) => report(state, { message });
  try {
    const file = await fetch(new URL("./demo.jpg", import.meta.url));
    const photo = await createImageBitmap(await file.blob());
    const canvas = Object.assign(document.createElement("canvas"), { width: SIZE[0], height: SIZE[1] });
    const pen = canvas.getContext("2d");
    const began = performance.now();
    const grab = (now) => {
      drawFrame(pen, photo, ((now - began) / 1000) % ROUND);
      return createImageBitmap(canvas);
    };
    const shown = (image, recognition) => {
      showFrame(image, recognition);
      report("playing", { ...recognition, source: NAME, film: true });
    };
    await readFrames(grab, (again) => setTimeout(again, PACE), signal, shown, trouble);
  } catch (error) {
    if (!signal.aborted) trouble("broken", `${error.message}.`);
  }
}
