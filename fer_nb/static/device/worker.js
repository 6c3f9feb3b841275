// The worker that reads faces, off the page's thread: it loads the runtime and the networks once, and then answers for one
// picture after the other.

// What takes longest is asked for first, so nothing here is imported before this script runs.
import("./wasm_loader.js").catch(() => {});
const scripts = Promise.all([import("../litert/index.js"), import("./networks.js"), import("./recognizer.js")]);
const runtime = scripts.then(([{ loadLiteRt }]) => loadLiteRt(new URL("../litert/runtime.js", import.meta.url).href));
runtime.catch(() => {}); // told by load

const LARGEST = 16_000_000; // pixels of a picture that are looked at; of a larger one a smaller copy

let recognizer = null;
let complete = null; // the promise of a recognizer that has its mesh
let incomplete = null; // why it will never have it
let files = null; // the networks' bytes by name
let isAsked = false;
let goOn = null; // ends the wait for a first picture
const first = new Promise((resolve) => (goOn = resolve));
let sequence = { name: null, tracker: null };
let canvas = null;

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function constantsOf(folder) {
  const file = await fetch(`${folder}constants.json`);
  const constants = await file.json().catch(() => null);
  if (!file.ok || !constants) throw new Error(constants?.error ?? `${file.url} can't be read (${file.status})`);
  return constants;
}

async function bytesOf(address, kind, constants) {
  const answer = await fetch(address);
  const size = (await constants)[kind].bytes;
  if (!answer.ok) throw new Error(`${address} is not there (${answer.status})`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (bytes.length !== size) throw new Error(`${address} is cut short or another than the page was made for`);
  return bytes;
}

// What a camera's first label takes. The mesh follows, which is as much to load again as both of the others.
async function load({ folder }) {
  const constants = constantsOf(folder);
  const file = (kind) => bytesOf(`${folder}${kind}.tflite`, kind, constants);
  const [numbers, detector, network] = await Promise.all([constants, file("detector"), file("model"), runtime]);
  const [, { networkOf, networkOfAnyShape }, { Recognizer }] = await scripts;
  recognizer = new Recognizer(numbers, networkOfAnyShape(detector, numbers.detector.sizes), await networkOf(network));
  complete = Promise.race([first, pause(300)]).then(() => file("mesh")).then(async (mesh) => {
    recognizer.takeMesh(await networkOf(mesh));
    files = { detector, mesh, model: network };
  });
  complete.then(warm).catch((error) => (incomplete = error)); // told by read
}

// The first call of a network takes long. It is over before a camera is allowed, unless a picture comes at once.
async function warm() {
  for (const step of recognizer.firstCalls()) {
    await pause(300); // in which a picture is asked for where one is there
    if (isAsked) return;
    await step();
  }
}

// The picture's pixels, and how many of its own pixels one of them stands for.
function pixelsOf(image) {
  const scale = Math.min(1, Math.sqrt(LARGEST / (image.width * image.height)));
  const [width, height] = [image.width, image.height].map((length) => Math.max(1, Math.round(length * scale)));
  if (canvas?.width !== width || canvas?.height !== height) canvas = new OffscreenCanvas(width, height);
  const pen = canvas.getContext("2d", { willReadFrequently: true, alpha: false });
  pen.drawImage(image, 0, 0, width, height);
  return { ...pick(pen.getImageData(0, 0, width, height)), scale: image.width / width };
}

const pick = ({ data, width, height }) => ({ data, width, height });

function inOwnPixels(recognition, scale, { width, height }) {
  if (scale === 1) return recognition;
  const grown = (face) => Object.fromEntries(["left", "top", "width", "height"].map((side) => [side, face[side] * scale]));
  return { ...recognition, width, height, faces: recognition.faces.map((face) => ({ ...face, ...grown(face) })) };
}

async function read({ image, of, seconds }) {
  const began = performance.now();
  isAsked = true;
  if (of === null) goOn();
  if (of === null) await complete; // a picture is read once, so it is read as well as can be
  if (incomplete) throw incomplete;
  if (of !== sequence.name) sequence = { name: of, tracker: of === null ? null : recognizer.newTracker() };
  const { scale, ...picture } = pixelsOf(image);
  const recognition = await recognizer.recognize(picture, sequence.tracker, seconds);
  goOn();
  return { ...inOwnPixels(recognition, scale, image), milliseconds: performance.now() - began };
}

// How long the networks take here, by WebAssembly and by WebGPU; what is quicker by WebGPU is run by it from then on.
async function measure() {
  await complete;
  const { measured, networksOf } = await import("./measure.js");
  const networks = networksOf(recognizer, files);
  const byWasm = Object.fromEntries(Object.entries(networks).map(([name, { wasm }]) => [name, wasm]));
  const { figures, why, quicker, lost } = await measured(networks);
  recognizer.use(quicker);
  lost?.then(() => recognizer.use(byWasm));
  return { figures, why };
}

const WORK = {
  measure,
  load,
  read,
  complete: () => complete,
  name: async ({ crop }) => ({ probabilities: await recognizer.classify(crop) }), // of a crop by itself
};

self.onmessage = async ({ data }) => {
  try {
    const answer = (await WORK[data.kind](data)) ?? {};
    self.postMessage({ number: data.number, answer, image: data.image }, data.image ? [data.image] : []);
  } catch (error) {
    self.postMessage({ number: data.number, error: String(error?.message ?? error) });
  }
};
