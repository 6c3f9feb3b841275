// On this device: camera, picture or demo are read in this browser, and nothing is sent anywhere.

import { Refused } from "./calls.js";
import { runCamera } from "./camera.js";
import { isScrambled } from "./canvas.js";
import { playDemo } from "./demo.js";
import { element, page } from "./dom.js";
import { hideFrame } from "./overlay.js";
import { runPicture } from "./picture.js";
import { inability, loadedReader } from "./reader.js";
import { measureOver } from "./sender.js";
import { STATES } from "./states.js";

const OWN_WORDS = { asking: "here", reading: "reading-here" }; // states whose words are others where nothing is sent
let sequences = 0; // counted on as long as the page lives, as are the two below
let frames = 0;
let tracks = 0; // the highest shown

// Read the frames of a source, always the newest one, until the signal. `grab` gives an ImageBitmap, or null.
export async function readFrames(grab, next, signal, shown, trouble) {
  const [reader, of, before, measure] = [await loadedReader(), ++sequences, tracks, measureOver()];
  let drops = 0;
  let busy = false;

  async function read() {
    if (busy) {
      drops += 1;
      return;
    }
    busy = true;
    try {
      const taken = performance.now();
      const bitmap = await grab(taken);
      if (!bitmap) return;
      const { image, ...recognition } = await reader.read(bitmap, of, taken / 1000);
      if (signal.aborted) return image.close();
      const faces = recognition.faces.map((face) => ({ ...face, track: face.track + before }));
      tracks = Math.max(tracks, ...faces.map(({ track }) => track));
      frames += 1;
      shown(image, { ...recognition, faces, frame: frames, taken, ...measure(taken), drops });
    } catch (error) {
      if (!signal.aborted) trouble("broken", `${error.message}.`);
    } finally {
      busy = false;
    }
  }

  next(function again() {
    if (signal.aborted) return;
    next(again);
    read();
  });
}

const nextOf = (video) => (again) =>
  video.requestVideoFrameCallback ? video.requestVideoFrameCallback(again) : setTimeout(again, 33);

function readVideo(video, signal, shown, trouble) {
  const grab = () => (video.videoWidth ? createImageBitmap(video) : null);
  readFrames(grab, nextOf(video), signal, shown, trouble).catch((error) => trouble("broken", `${error.message}.`));
}

const LARGEST = 60_000_000; // pixels of a picture, whose levels take 240 MB; the server's limit, too

// A picture's size, before its pixels are decoded.
async function sizeOf(file) {
  const image = new Image();
  image.src = URL.createObjectURL(file);
  try {
    await new Promise((resolve, reject) => Object.assign(image, { onload: resolve, onerror: reject }));
    return [image.naturalWidth, image.naturalHeight];
  } finally {
    URL.revokeObjectURL(image.src);
  }
}

const BY_THIS_DEVICE = {
  async open(file) {
    const [width, height] = await sizeOf(file);
    const megapixels = Math.round((width * height) / 1e6);
    if (width * height > LARGEST) throw new Refused(1, `The picture has ${megapixels} megapixels; choose one of 60 at most.`);
    return createImageBitmap(file);
  },
  async read(_, image) {
    if (isScrambled()) throw new Refused(1, STATES.scrambled.veil.join(". "));
    return (await loadedReader()).read(image);
  },
};

const TASKS = { detector: "to look for faces", mesh: "to check one", model: "to name one" };

// What was measured, for a person.
function sentencesOf({ figures, why }) {
  const round = (value) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
  const listed = (values) => `${values.slice(0, -1).join(", ")} and ${values.at(-1)}`;
  const names = Object.keys(figures);
  const byWasm = listed(names.map((name) => `${round(figures[name].wasm)} ${TASKS[name]}`));
  const byGraphics = listed(names.map((name) => (figures[name].webgpu === null ? "not at all" : round(figures[name].webgpu))));
  const used = names.filter((name) => figures[name].used).map((name) => TASKS[name]);
  const chosen = used.length ? `it is used from now on ${used.join(" and ")}` : "so it is not used";
  return `By WebAssembly it takes ${byWasm}. By WebGPU: ${why ? `${why}.` : `${byGraphics}; ${chosen}.`}`;
}

export function runDevice(report, signal, file = null) {
  let part = null; // ends what is at work: camera, picture or demo

  function say(state, more = {}) {
    if (signal.aborted) return;
    if (state === "broken") part?.abort(); // nobody would read what a camera goes on to give
    report(OWN_WORDS[state] ?? state, { start: ask, ...more, choose, demo });
  }

  function begin(run, ...rest) {
    part?.abort();
    const mine = (part = new AbortController()).signal;
    takeButtons(); // of which the part may take some for itself
    run((state, more) => mine.aborted || say(state, more), mine, ...rest);
  }

  function takeButtons() {
    element("choose").onclick = choose;
    element("stop").onclick = ask;
    element("file").onchange = ({ target }) => {
      if (target.files[0]) read(target.files[0]);
      target.value = ""; // so that the same file may be chosen again
    };
  }

  // Load what reads, and say so meanwhile.
  async function prepared() {
    part?.abort();
    const unable = inability();
    if (unable) return say("unable", { message: unable });
    say("loading");
    try {
      await loadedReader();
      return signal.aborted ? null : true;
    } catch (error) {
      say("broken", { message: `${error.message}.` });
      return null;
    }
  }

  async function start(run, ...rest) {
    if ((await prepared()) === true) begin(run, ...rest);
  }

  async function measure() {
    if ((await prepared()) !== true) return;
    say("measuring");
    try {
      say("measured", { start: camera, message: sentencesOf(await (await loadedReader()).measure()) });
    } catch (error) {
      say("broken", { message: `${error.message}.` });
    }
  }

  const camera = () => start(runCamera, readVideo, true);
  const ask = () => {
    part?.abort();
    const unable = inability();
    if (unable) say("unable", { message: unable });
    else say("here", { start: camera, measure });
  };
  const choose = () => element("file").click();
  const demo = () => start(playDemo, readFrames);
  const read = (chosen) => start(runPicture, chosen, BY_THIS_DEVICE);

  signal.addEventListener("abort", () => {
    part?.abort();
    hideFrame();
  });
  takeButtons();
  if (file) return read(file);
  ask();
  // A page in a folder of its own has nothing else to do, so it loads what reads faces while a person reads what it says.
  if ("alone" in page.dataset && !inability()) loadedReader().catch(() => {});
}
