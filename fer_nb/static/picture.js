// A picture from a file, a drop or the clipboard: read once, shown with its boxes.

import { api, element, problemOf } from "./dom.js";
import { hideFrame, showFrame } from "./overlay.js";

const input = element("file");
const BYTES = { "Content-Type": "application/octet-stream" }; // what the file is called says little of what it is

export function runPicture(report, signal, first = null) {
  const choose = () => input.click();
  let newest = 0;

  async function read(file) {
    const mine = ++newest;
    const over = () => signal.aborted || mine !== newest;
    hideFrame();
    report("reading", { source: file.name });
    let image;
    try {
      image = await createImageBitmap(file);
    } catch {
      return over() || report("unreadable", { source: file.name, choose });
    }
    try {
      const answer = await fetch(api("predict"), { method: "POST", headers: BYTES, body: file, signal });
      if (over()) return;
      if (!answer.ok) return report("refused", { message: await problemOf(answer), source: file.name, choose });
      show(file, image, await answer.json());
    } catch {
      if (!over()) report("unanswered", { source: file.name, choose });
    }
  }

  // A single picture has no tracks, so its faces are numbered from left to right.
  function show(file, image, recognition) {
    const faces = recognition.faces.map((face, index) => ({ ...face, track: index + 1 }));
    showFrame(image, { ...recognition, faces });
    report("shown", { ...recognition, source: file.name, faces });
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
