// The verifier's face for browsers and bundlers; index.d.ts documents it.

import init, { Trust as Opened, max_credential_bytes } from "./pkg/akashi_verifier.js";

export class TrustError extends Error {
  name = "TrustError";

  constructor({ code, message }) {
    super(message);
    this.code = code;
  }
}

export async function load(source = new URL("./pkg/akashi_verifier_bg.wasm", import.meta.url)) {
  await init({ module_or_path: source });
  return { open, maxCredentialBytes: max_credential_bytes() };
}

function open(root, bundle, minVersion) {
  const least = minVersion === undefined ? undefined : BigInt(minVersion);
  try {
    return new Trust(Opened.open(bytesOf(root), bytesOf(bundle), least));
  } catch (refusal) {
    throw typeof refusal === "string" ? new TrustError(JSON.parse(refusal)) : refusal;
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
