// What each network takes on this device, by WebAssembly and by WebGPU, and which of the two is quicker here.

import { graphicsDevice, networkOf, networkOfAnyShape, timed } from "./networks.js";

const NEAR = 0.005; // of the largest output; a graphics device reckons with 16 bits, and what it says shall be the same

// The same numbers at every call, between -1 and 1.
const waves = (length) => Float32Array.from({ length }, (_, place) => Math.sin(place * 0.37) * Math.cos(place * 0.011));

function isNear(ours, theirs) {
  const bySize = (outputs) => [...outputs].sort((one, other) => one.length - other.length);
  const others = bySize(theirs);
  return bySize(ours).every((output, which) => {
    const largest = output.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    return output.every((value, place) => Math.abs(value - others[which][place]) <= NEAR * largest);
  });
}

async function measuredOne({ wasm, make, shape, scale }, graphics) {
  const inputs = waves(shape.reduce((one, other) => one * other)).map((value) => (value + 1) * scale);
  const here = await timed(wasm, inputs, shape);
  const figures = { wasm: here.milliseconds, webgpu: null, used: false };
  if (!graphics) return { figures };
  try {
    const network = await make(graphics.by);
    const there = await timed(network, inputs, shape);
    figures.webgpu = there.milliseconds;
    figures.used = there.milliseconds < here.milliseconds && isNear(here.outputs, there.outputs);
    return { figures, network: figures.used ? network : null };
  } catch (error) {
    return { figures: { ...figures, why: String(error?.message ?? error) } };
  }
}

// Figures of each network, and those networks that WebGPU runs quicker than WebAssembly.
export async function measured(
  networks, // by name: { wasm, make, shape, scale }, see networksOf
  ask = graphicsDevice,
) {
  let [graphics, why] = [null, ""];
  try {
    graphics = await ask();
  } catch (error) {
    why = String(error?.message ?? error);
  }
  const [figures, quicker] = [{}, {}];
  for (const [name, one] of Object.entries(networks)) {
    const { network, ...told } = await measuredOne(one, graphics);
    figures[name] = told.figures;
    if (network) quicker[name] = network;
  }
  return { figures, why, quicker, lost: graphics?.lost };
}

// What is measured: the look at a webcam's picture, the mesh, and a face's name.
export function networksOf(recognizer, files) {
  const { search, constants } = recognizer;
  const { detector, mesh, crop } = constants;
  return {
    detector: {
      wasm: search.blaze.network, shape: [1, 192, 224, 3], scale: 1,
      make: (by) => networkOfAnyShape(files.detector, detector.sizes, by),
    },
    mesh: { wasm: search.mesh.network, make: (by) => networkOf(files.mesh, by), shape: [1, mesh.side, mesh.side, 3], scale: 0.5 },
    model: { wasm: recognizer.network, make: (by) => networkOf(files.model, by), shape: [1, crop.side, crop.side, 1], scale: 127 },
  };
}
