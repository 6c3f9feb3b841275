// The browser's camera in a notebook. One frame is under way, always the newest, and what the kernel finds in it is drawn over
// that very frame; without a camera the kernel's demo plays. A notebook takes a widget's script as one file, so notebook_camera.py
// puts those that are imported here before it.

import { drawFrame, labelOf } from "./boxes.js";
import { asJpeg, isScrambled } from "./canvas.js";
import { button, percent, setText } from "./dom.js";

const LONGER_SIDE = 640; // pixels of a frame that is sent, at most
const QUALITY = 0.85; // of its JPEG, 0 to 1
const ROOM = [640, 480]; // pixels of the screen that the picture takes, at most
const PATIENCE = 5000; // milliseconds without an answer, after which the kernel counts as busy
const DEMO_PACE = 40; // milliseconds from one frame of the demo to the next, at least

const REASONS = {
  NotAllowedError: "The camera is not allowed here",
  NotFoundError: "There is no camera here",
  OverconstrainedError: "There is no camera here",
  NotReadableError: "Another program uses the camera",
};

// The camera's stream; where there is none, an error that says why in half a sentence.
async function openCamera() {
  if (!navigator.mediaDevices) throw new Error("Browsers give a camera only over HTTPS or from this machine");
  if (isScrambled()) throw new Error("This browser scrambles what is drawn of a camera");
  const size = { width: { ideal: 640 }, height: { ideal: 480 }, resizeMode: { ideal: "none" }, facingMode: "user" };
  try {
    return await navigator.mediaDevices.getUserMedia({ video: size, audio: false });
  } catch (error) {
    throw new Error(REASONS[error.name] ?? "The camera can't be opened");
  }
}

function wait(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

// Frames of a camera: each is the newest when it is asked for.
function cameraFrames(stream, video, signal) {
  const [track] = stream.getTracks();
  signal.addEventListener("abort", () => track.stop());
  video.srcObject = stream;
  video.play().catch(() => {}); // a browser that refuses ends the track
  const ask = video.requestVideoFrameCallback?.bind(video) ?? ((take) => setTimeout(take, 33));
  return {
    track,
    mirrored: track.getSettings().facingMode !== "environment", // a mirror shows the side you look from
    async next() {
      do await new Promise(ask);
      while (!video.videoWidth);
      const canvas = document.createElement("canvas");
      const jpeg = await asJpeg(video, [video.videoWidth, video.videoHeight], LONGER_SIDE, QUALITY, canvas);
      return [canvas, await jpeg.arrayBuffer()];
    },
  };
}

// Questions to the kernel, one at a time; an answer to another view of the same widget is none.
function asking(model, view, signal) {
  let answered = null;
  const take = (answer, buffers) => answer.view === view && answered([answer, buffers]);
  model.on("msg:custom", take);
  signal.addEventListener("abort", () => model.off("msg:custom", take));
  return (question, buffer) =>
    new Promise((resolve) => {
      answered = resolve;
      model.send({ view, ...question }, undefined, buffer ? [buffer] : []);
    });
}

function say(face) {
  return face.unsure ? `${face.track} ${labelOf(face)}` : `${face.track} ${labelOf(face)} ${percent(face.confidence)}`;
}

function render({ model, el }) {
  const view = Math.random().toString(36).slice(2);
  const made = (tag, name) => Object.assign(document.createElement(tag), { className: `fer-${name}` });
  const [root, video, canvas, says, facts] = [["div", "camera"], ["video", "video"], ["canvas", "picture"], ["p", "says"], ["p", "facts"]]
    .map((pair) => made(...pair));
  const press = button("Stop", () => (run ? end("Stopped.") : play()));
  Object.assign(video, { muted: true, playsInline: true });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "The picture; each face has a numbered box");
  root.append(video, canvas, says, press, facts);
  el.append(root);
  let run = null; // ends what plays

  function end(sentence) {
    run?.abort();
    run = null;
    root.dataset.state = "ended";
    setText(facts, sentence);
    setText(press, "Start again");
  }

  function show(image, answer, mirrored) {
    const colours = model.get("colours");
    const colourOf = (face) => colours[face.unsure ? "" : face.label] ?? colours[""];
    const room = { width: Math.min(ROOM[0], el.clientWidth || ROOM[0]), height: ROOM[1] };
    canvas.style.width = `${answer.width * drawFrame(canvas, image, answer, room, mirrored, colourOf)}px`;
    setText(says, answer.faces.map(say).join(", ") || "No face in view");
  }

  async function play() {
    const { signal } = (run = new AbortController());
    root.dataset.state = "opening";
    setText(press, "Stop");
    setText(facts, "The browser asks for its camera.");
    let [frames, why] = [null, ""];
    try {
      const stream = await openCamera();
      if (signal.aborted) return stream.getTracks().forEach((track) => track.stop());
      frames = cameraFrames(stream, video, signal);
      frames.track.addEventListener("ended", () => signal.aborted || end("The camera is gone."));
    } catch (error) {
      why = `${error.message}, so the demo plays. `;
    }
    if (!signal.aborted) await playFrames(frames, why, signal);
  }

  async function playFrames(frames, why, signal) {
    const [ask, count, began] = [asking(model, view, signal), model.get("count"), performance.now()];
    for (let frame = 0; frame < count; frame += 1) {
      const [image, jpeg] = frames ? await frames.next() : await wait(DEMO_PACE).then(() => []);
      if (signal.aborted) return;
      const taken = performance.now();
      const busy = setTimeout(() => signal.aborted || setText(facts, "The kernel is busy; the picture goes on when it is free."), PATIENCE);
      const [answer, [drawn]] = await ask({ frame, seconds: (taken - began) / 1000 }, jpeg);
      clearTimeout(busy);
      if (answer.error) return end(answer.error);
      const picture = image ?? (await createImageBitmap(new Blob([drawn], { type: "image/jpeg" })));
      if (signal.aborted) return;
      show(picture, answer, frames?.mirrored);
      root.dataset.state = "playing";
      setText(facts, `${why}Frame ${frame + 1} of ${count}, ${Math.round(performance.now() - taken)} ms old`);
    }
    end(`${why}All ${count} frames were seen.`);
  }

  // A page that nobody sees keeps no camera on.
  const hide = () => document.hidden && run && end("Stopped, since the page was hidden.");
  document.addEventListener("visibilitychange", hide);
  play();
  return () => {
    run?.abort();
    document.removeEventListener("visibilitychange", hide);
  };
}

export default { render };
