// Networks of LiteRT.js, asked for the outputs of one input.

import { loadAndCompile, Tensor } from "../litert/index.js";

const KEPT = 4; // shapes of an input whose networks are kept

// From inputs and their shape to the outputs, Float32Arrays.
export async function networkOf(bytes) {
  const network = await loadAndCompile(bytes, { accelerator: "wasm" });
  const run = async (inputs, shape) => {
    const tensor = new Tensor(inputs, shape);
    const outputs = await network.run([tensor]);
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
export function networkOfAnyShape(bytes, sizes) {
  const made = new Map(); // by shape, the one used last at the end
  return async (inputs, shape) => {
    const key = shape.join(" ");
    const network = made.get(key) ?? (await networkOf(withShape(bytes, sizes, shape)));
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
