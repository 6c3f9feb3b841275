// Stands in for LiteRT.js' own loader, which wants a script tag: here the runtime is a module, and its WebAssembly a gzip file.

async function instantiate(imports, address) {
  const file = await fetch(address);
  if (!file.ok) throw new Error(`${address} is not there (${file.status})`);
  const code = file.body.pipeThrough(new DecompressionStream("gzip"));
  return WebAssembly.instantiateStreaming(new Response(code, { headers: { "Content-Type": "application/wasm" } }), imports);
}

export async function createWasmLib(Runtime, script) {
  const { default: makeModule } = await import(script);
  const address = script.replace(/\.js$/, ".wasm.bin");
  const module = await new Promise((resolve, reject) => {
    const instantiateWasm = (imports, done) => {
      instantiate(imports, address).then(({ instance, module }) => done(instance, module), reject);
      return {};
    };
    makeModule({ instantiateWasm, print() {}, printErr() {} }).then(resolve, reject);
  });
  return new Runtime(module);
}
