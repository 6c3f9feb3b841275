// Whoever reads faces on this device: a worker that is started once, and asked for one picture after the other.

import { page } from "./dom.js";

// A function of one instruction on vectors of 128 bits: a browser without them says that it is no valid code.
const SIMD = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
];

// Why this browser can't read faces itself, in a sentence; null where it can.
export function inability() {
  if (!("WebAssembly" in window)) return "This browser runs no WebAssembly; a newer one does, or one that allows it for this page.";
  if (!WebAssembly.validate(Uint8Array.from(SIMD))) return "This browser's WebAssembly has no vector instructions (SIMD); a newer browser has.";
  const needed = ["Worker", "OffscreenCanvas", "DecompressionStream", "createImageBitmap"].filter((name) => !(name in window));
  return needed.length ? `This browser lacks ${needed.join(" and ")}; a newer one has it.` : null;
}

export class Reader {
  constructor() {
    this.waiting = new Map(); // number of a question: what takes its answer
    this.asked = 0;
    this.lost = null; // why the worker answers no more, in a sentence
    this.worker = new Worker(new URL("./device/worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data }) => this.take(data);
    this.worker.onerror = (event) => this.fail(event.message || "its script can't be loaded");
    this.ready = this.load();
  }

  async load() {
    await this.ask({ kind: "load", folder: new URL(page.dataset.device, document.baseURI).href });
  }

  ask(question, transfer = []) {
    if (this.lost) return Promise.reject(new Error(this.lost));
    const number = ++this.asked;
    return new Promise((resolve, reject) => {
      this.waiting.set(number, { resolve, reject });
      this.worker.postMessage({ ...question, number }, transfer);
    });
  }

  take({ number, error, answer, image }) {
    const { resolve, reject } = this.waiting.get(number);
    this.waiting.delete(number);
    if (error === undefined) resolve({ ...answer, image });
    else reject(new Error(error));
  }

  // What an ImageBitmap shows; it is lent to the worker, and comes back as `image`. Pictures of one sequence are tracked.
  read(image, of = null, seconds = null) {
    return this.ask({ kind: "read", image, of, seconds }, [image]);
  }

  // Milliseconds of each network by WebAssembly and by WebGPU, or `why` there is none; the quicker is used from then on.
  measure() {
    return (this.measuring ??= this.ask({ kind: "measure" }));
  }

  // Wait until faces are checked by the mesh, which comes after what a first label takes.
  complete() {
    return this.ask({ kind: "complete" });
  }

  // The worker is lost, and whatever was asked of it; another is needed.
  fail(why) {
    this.lost = why;
    this.worker.terminate();
    for (const { reject } of this.waiting.values()) reject(new Error(why));
    this.waiting.clear();
    if (reader === this) reader = null;
  }
}

let reader = null;

// The one reader of this page, loaded.
export async function loadedReader() {
  reader ??= new Reader();
  const mine = reader;
  try {
    await mine.ready;
  } catch (error) {
    mine.fail(error.message);
    throw error;
  }
  return mine;
}
