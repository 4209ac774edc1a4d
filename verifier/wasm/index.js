// The verifier's face for browsers and bundlers; index.d.ts documents it.

import init, { Trust as Opened, followed, max_credential_bytes, root as read } from "./pkg/akashi_verifier.js";

export class TrustError extends Error {
  name = "TrustError";

  constructor({ code, message }) {
    super(message);
    this.code = code;
  }
}

export async function load(source = new URL("./pkg/akashi_verifier_bg.wasm", import.meta.url)) {
  await init({ module_or_path: source });
  return { open, follow, maxCredentialBytes: max_credential_bytes() };
}

const open = (root, bundle, seen) => trusted(() => new Trust(Opened.open(bytesOf(root), bytesOf(bundle), seen)));

async function follow(root, newest, between) {
  let known = trusted(() => JSON.parse(read(bytesOf(root))));
  const { version: last } = trusted(() => JSON.parse(read(bytesOf(newest))));
  const goOn = (next) => trusted(() => JSON.parse(followed(bytesOf(known.manifests), bytesOf(next))));
  while (known.version + 1 < last) {
    const next = await between(known.version + 1);
    if (next === undefined) break;
    const before = known.version;
    known = goOn(next);
    // What is no newer leads nowhere; `newest` then says what is missing.
    if (known.version === before) break;
  }
  return goOn(newest);
}

/** What Rust refuses comes as text. */
function trusted(make) {
  try {
    return make();
  } catch (refusal) {
    if (typeof refusal !== "string") throw refusal;
    const told = JSON.parse(refusal);
    throw told.code ? new TrustError(told) : new TypeError(told.message);
  }
}

class Trust {
  #opened;

  constructor(opened) {
    this.#opened = opened;
    Object.assign(this, JSON.parse(opened.about()));
  }

  verify(credential, options = {}) {
    // So much shows that a file is too large; the rest of it need not be copied.
    const bytes = bytesOf(credential).subarray(0, max_credential_bytes() + 1);
    // JSON has no way to write them: what was asked for would go unheeded.
    for (const [name, value] of Object.entries(options)) {
      const isNothing = value === null || (value instanceof Date ? isNaN(value) : typeof value === "number" && !isFinite(value));
      if (isNothing) throw new TypeError(`${name} says nothing: leave it out, or give it a value`);
    }
    const asked = JSON.stringify({ ...options, now: options.now ?? new Date() });
    try {
      return JSON.parse(this.#opened.verify(bytes, asked));
    } catch (refusal) {
      throw typeof refusal === "string" ? new TypeError(refusal) : refusal;
    }
  }

  free() {
    this.#opened.free();
  }
}

function bytesOf(input) {
  if (typeof input === "string") return new TextEncoder().encode(input);
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  throw new TypeError("give a string, a Uint8Array or an ArrayBuffer");
}
