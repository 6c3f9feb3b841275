// A picture from a file, a drop or the clipboard: read once, shown with its boxes. Who reads it is another matter.

import { call, Refused } from "./calls.js";
import { asJpeg, isScrambled } from "./canvas.js";
import { element } from "./dom.js";
import { hideFrame, showFrame } from "./overlay.js";

const input = element("file");
const BYTES = { "Content-Type": "application/octet-stream" }; // what the file is called says little of what it is
const PATIENCE = 40_000; // milliseconds; a server that has much to do lets a picture wait for half a minute
const LARGEST = 900_000; // bytes that are sent: nginx lets a megabyte through
const SIZES = [[2560, 0.85], [1920, 0.8], [1280, 0.7]]; // pixels of the longer side, and quality: until it is small enough

// The file itself, or a smaller picture of the same: a phone's photograph has ten times the pixels that are needed.
async function smallEnough(file, image) {
  if (file.size <= LARGEST || isScrambled()) return file;
  let jpeg = file;
  for (const [longest, quality] of SIZES) {
    jpeg = (await asJpeg(image, [image.width, image.height], longest, quality)) ?? jpeg;
    if (jpeg.size <= LARGEST) break;
  }
  return jpeg.size < file.size ? jpeg : file;
}

async function ask(file, image, signal) {
  const body = await smallEnough(file, image);
  return call("predict", { method: "POST", headers: BYTES, body, signal, within: PATIENCE });
}

const BY_THE_SERVER = { open: (file) => createImageBitmap(file), read: ask };

export function runPicture(
  report, // called with a state and what is to be said of it
  signal, // ends it all
  first = null, // a file that was chosen already
  { open, read: recognize } = BY_THE_SERVER, // from a file to a bitmap, and from both to what they show; either may be Refused
) {
  const choose = () => input.click();
  let newest = 0;

  async function read(file) {
    const mine = ++newest;
    const over = () => signal.aborted || mine !== newest;
    hideFrame();
    report("reading", { source: file.name });
    let image;
    try {
      image = await open(file);
    } catch (problem) {
      return problem instanceof Refused ? refuse(file, problem, over) : over() || report("unreadable", { source: file.name, choose });
    }
    try {
      const answer = await recognize(file, image, signal);
      if (!over()) show(file, answer.image ?? image, answer);
    } catch (problem) {
      refuse(file, problem, over);
    }
  }

  function refuse(file, problem, over) {
    if (over()) return;
    report(problem.silent ? "unanswered" : "refused", { message: problem.silent ? "" : problem.message, source: file.name, choose });
  }

  // A single picture has no tracks, so its faces are numbered from left to right.
  function show(file, image, recognition) {
    const faces = recognition.faces.map((face, index) => ({ ...face, track: index + 1 }));
    showFrame(image, { ...recognition, faces });
    report("shown", { ...recognition, source: file.name, faces, width: image.width, height: image.height });
  }

  signal.addEventListener("abort", hideFrame);
  element("choose").onclick = choose;
  input.onchange = () => {
    if (input.files[0]) read(input.files[0]);
    input.value = ""; // so that the same file may be chosen again
  };
  if (first) read(first);
  else report("choosing", { choose });
}

// Pictures may be dropped or pasted anywhere on the page, whatever it shows at the moment.
export function acceptPictures(take) {
  const stage = element("stage");
  const hasFiles = ({ dataTransfer }) => dataTransfer?.types.includes("Files");
  let inside = 0;
  const enter = (step) => (event) => {
    if (!hasFiles(event)) return;
    inside = Math.max(0, inside + step);
    stage.classList.toggle("dropping", inside > 0);
  };
  document.addEventListener("dragenter", enter(1));
  document.addEventListener("dragleave", enter(-1));
  document.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    inside = 0;
    stage.classList.remove("dropping");
    if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
  });
  document.addEventListener("paste", ({ clipboardData }) => {
    if (clipboardData?.files[0]) take(clipboardData.files[0]);
  });
}
