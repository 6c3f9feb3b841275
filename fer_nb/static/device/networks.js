// Networks of LiteRT.js, asked for the outputs of one input; and how long they take by WebAssembly and by WebGPU.

import { Environment, loadAndCompile, Tensor } from "../litert/index.js";

const KEPT = 4; // shapes of an input whose networks are kept
const WASM = { accelerator: "wasm" };

// From inputs and their shape to the outputs, Float32Arrays.
export async function networkOf(bytes, by = WASM) {
  const network = await loadAndCompile(bytes, by);
  if (by.environment && !network.isFullyAccelerated) {
    network.delete();
    throw new Error("WebGPU does not know all of its steps");
  }
  const run = async (inputs, shape) => {
    const tensor = new Tensor(inputs, shape, by.environment);
    let outputs = await network.run([tensor]);
    if (by.environment) outputs = await Promise.all(outputs.map((output) => output.moveTo("wasm")));
    const values = outputs.map((output) => output.toTypedArray().slice());
    for (const each of [tensor, ...outputs]) each.delete();
    return values;
  };
  return Object.assign(run, { forget: () => network.delete() });
}

// The same file for inputs of another height and width. `sizes` says of each number in it that depends on them its place and the
// terms of its sum: pixels from cell to cell, down and across (0: it does not depend on that side), and how often.
function withShape(bytes, sizes, [, height, width]) {
  const copy = bytes.slice();
  const numbers = new DataView(copy.buffer);
  for (const [place, terms] of sizes) {
    const cells = terms.map(([down, across, times]) => times * (down ? height / down : 1) * (across ? width / across : 1));
    numbers.setInt32(place, cells.reduce((sum, value) => sum + value, 0), true);
  }
  return copy;
}

// A network for inputs of any height and width, which LiteRT.js wants to know beforehand.
export function networkOfAnyShape(bytes, sizes, by = WASM) {
  const made = new Map(); // by shape, the one used last at the end
  return async (inputs, shape) => {
    const key = shape.join(" ");
    const network = made.get(key) ?? (await networkOf(withShape(bytes, sizes, shape), by));
    made.delete(key);
    made.set(key, network);
    if (made.size > KEPT) {
      const [oldest] = made.keys();
      made.get(oldest).forget();
      made.delete(oldest);
    }
    return network(inputs, shape);
  };
}

// What makes networks run on the graphics device, and the promise that it is lost; an error's message says why there is none.
export async function graphicsDevice() {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("this browser offers none");
  const requiredFeatures = ["shader-f16", "subgroups"].filter((feature) => adapter.features.has(feature));
  const names = ["maxBufferSize", "maxStorageBufferBindingSize", "maxStorageBuffersPerShaderStage", "maxTextureDimension2D"];
  const requiredLimits = Object.fromEntries(names.map((name) => [name, adapter.limits[name]]));
  const device = await adapter.requestDevice({ requiredFeatures, requiredLimits });
  return { by: { accelerator: "webgpu", environment: await Environment.create({ webGpuDevice: device }) }, lost: device.lost };
}

const [WARM, RUNS] = [3, 15];

// The median of some calls in milliseconds, and what they gave.
export async function timed(network, inputs, shape) {
  const times = [];
  let outputs;
  for (let run = 0; run < WARM + RUNS; run += 1) {
    const began = performance.now();
    outputs = await network(inputs, shape);
    if (run >= WARM) times.push(performance.now() - began);
  }
  return { milliseconds: times.sort((one, other) => one - other)[RUNS >> 1], outputs };
}
