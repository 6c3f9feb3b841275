// @vladmandic/human on one frame: `node human.js PIXELS CONFIG`, in a folder where npm installed it, @tensorflow/tfjs and its wasm.
// PIXELS is a file of 640x480 RGB bytes, CONFIG is JSON. Each line on stdin is a number of times to recognize the frame;
// the answer is a line of JSON: `ms`, a list, and `faces`.
const fs = require('fs'), path = require('path'), modules = path.resolve('node_modules');
const [pixelFile, config] = [process.argv[2], JSON.parse(process.argv[3])];
const online = globalThis.fetch;  // the models are files, which Node's fetch does not read
globalThis.fetch = async (url, ...rest) =>
  String(url).startsWith('file:') ? new Response(fs.readFileSync(new URL(url))) : online(url, ...rest);
require(path.join(modules, '@tensorflow/tfjs'));
require(path.join(modules, '@tensorflow/tfjs-backend-wasm'));
const { Human } = require(path.join(modules, '@vladmandic/human/dist/human.node-wasm.js'));
const human = new Human({ backend: 'wasm', debug: false, cacheSensitivity: 0, ...config,
  wasmPath: path.join(modules, '@tensorflow/tfjs-backend-wasm/dist/'),
  modelBasePath: 'file://' + path.join(modules, '@vladmandic/human/models/') });
const pixels = new Uint8Array(fs.readFileSync(pixelFile));

async function detect(count) {
  const ms = [];
  let result;
  for (let i = 0; i < count; i++) {
    const start = performance.now(), frame = human.tf.tensor4d(pixels, [1, 480, 640, 3], 'int32');
    result = await human.detect(frame);
    human.tf.dispose(frame);
    ms.push(performance.now() - start);
  }
  if (result.error) throw new Error(result.error);
  return { ms, faces: result.face.length };
}

(async () => {
  await human.load();
  for await (const line of require('readline').createInterface({ input: process.stdin }))
    process.stdout.write(JSON.stringify(await detect(parseInt(line))) + '\n');
})().catch((error) => { console.error(String(error)); process.exit(1); });
