// The verifier's face for Node.js, which reads the WebAssembly from the disk.

import { readFile } from "node:fs/promises";

import { load as loadFrom } from "./index.js";

export { TrustError } from "./index.js";

export async function load(source) {
  return loadFrom(source ?? (await readFile(new URL("./pkg/akashi_verifier_bg.wasm", import.meta.url))));
}
