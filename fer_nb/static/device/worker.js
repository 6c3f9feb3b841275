// The worker that reads faces, off the page's thread: it loads the runtime and both networks once, and then answers for one
// picture after the other.

import { loadLiteRt } from "../litert/index.js";
import { bytesOf, networkOf, networkOfAnyShape } from "./networks.js";
import { Recognizer } from "./recognizer.js";

const RUNTIME = new URL("../litert/runtime.js", import.meta.url).href;
const LARGEST = 16_000_000; // pixels of a picture that are looked at; of a larger one a smaller copy

const runtime = loadLiteRt(RUNTIME); // the largest part, so it is asked for first
runtime.catch(() => {}); // told by load

let recognizer = null;
let complete = null; // the promise of a recognizer that has its mesh
let incomplete = null; // why it will never have it
let sequence = { name: null, tracker: null };
let canvas = null;

// What a camera's first label takes. The mesh follows, which is as much to load again as both of these.
async function load({ folder, constants }) {
  const [detector, network] = await Promise.all([
    bytesOf(`${folder}detector.tflite`, constants.detector.bytes), bytesOf(`${folder}model.tflite`, constants.model.bytes),
    runtime,
  ]);
  recognizer = new Recognizer(constants, networkOfAnyShape(detector, constants.detector.sizes), await networkOf(network));
  complete = loadMesh(`${folder}mesh.tflite`, constants.mesh.bytes);
  complete.catch((error) => (incomplete = error)); // told by read
}

async function loadMesh(address, size) {
  recognizer.takeMesh(await networkOf(await bytesOf(address, size)));
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
  if (of === null) await complete; // a picture is read once, so it is read as well as can be
  if (incomplete) throw incomplete;
  if (of !== sequence.name) sequence = { name: of, tracker: of === null ? null : recognizer.newTracker() };
  const { scale, ...picture } = pixelsOf(image);
  const recognition = await recognizer.recognize(picture, sequence.tracker, seconds);
  return { ...inOwnPixels(recognition, scale, image), milliseconds: performance.now() - began };
}

const WORK = {
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
