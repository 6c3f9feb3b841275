// Stands in for LiteRT.js' own loader, which wants a script tag: here the runtime is a module, and its WebAssembly a gzip file.
// It is the largest part, so it is asked for as soon as this script is there.

const SCRIPT = new URL("../litert/runtime.js", import.meta.url).href;
const CODE = new URL("../litert/runtime.wasm.bin", import.meta.url).href;

async function compiled() {
  const file = await fetch(CODE);
  if (!file.ok) throw new Error(`${CODE} is not there (${file.status})`);
  const code = file.body.pipeThrough(new DecompressionStream("gzip"));
  return WebAssembly.compileStreaming(new Response(code, { headers: { "Content-Type": "application/wasm" } }));
}

const parts = Promise.all([compiled(), import(SCRIPT)]);
parts.catch(() => {}); // told by createWasmLib

export async function createWasmLib(Runtime) {
  const [code, { default: makeModule }] = await parts;
  const module = await new Promise((resolve, reject) => {
    const instantiateWasm = (imports, done) => {
      WebAssembly.instantiate(code, imports).then((instance) => done(instance, code), reject);
      return {};
    };
    makeModule({ instantiateWasm, print() {}, printErr() {} }).then(resolve, reject);
  });
  return new Runtime(module);
}
