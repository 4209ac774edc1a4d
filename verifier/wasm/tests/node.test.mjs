// The package in Node.js says of every file of the corpus what the Rust library says, to the letter.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";

import { load, TrustError } from "akashi-verifier";

import { cases, file, text } from "./corpus.mjs";

const LARGEST_PACKAGE = 250 * 1024;
const root = await file("root");
const bundle = await file("bundle");
const { open, follow, maxCredentialBytes } = await load();
const trust = open(root, bundle, cases.seen);

for (const { name, options, report } of cases.verified) {
  test(`${name} is ${report.verdict}, check by check as in Rust`, async () => {
    assert.deepEqual(trust.verify(await file(name), options), report);
  });
}

const refusal = (code, message) => (error) => {
  assert(error instanceof TrustError);
  assert.deepEqual([error.code, error.message], [code, message]);
  return true;
};

for (const { name, root, bundle, seen, after, code, message } of cases.openings) {
  test(`root and bundle: ${name}, ${code ? `refused as ${code}` : "opened"}`, () => {
    const opened = () => open(root, bundle, seen ?? undefined);
    if (code) assert.throws(opened, refusal(code, message));
    else assert.deepEqual(JSON.parse(opened().seen), JSON.parse(after));
  });
}

for (const { name, root, newest, between, manifests, code, message } of cases.followings) {
  test(`following a root: ${name}, ${code ? `refused as ${code}` : "followed"}`, async () => {
    const asked = [];
    const following = follow(root, newest, async (version) => {
      asked.push(String(version));
      return between[version];
    });
    if (code) return assert.rejects(following, refusal(code, message));
    const followed = await following;
    assert.equal(followed.manifests, manifests);
    assert.deepEqual(asked, Object.keys(between));
    const first = await follow(root, root, assert.fail);
    assert.equal(followed.first, first.first);
  });
}

test("whoever gives the kept root again and again is not asked for ever", async () => {
  const { root, newest, code, message } = cases.followings.find(({ name }) => name === "after one that is missing");
  await assert.rejects(follow(root, newest, async () => root), refusal(code, message));
});

test("what was seen before is never guessed at", () => {
  for (const seen of ["", "7", "{", '{"x":{}}']) {
    assert.throws(() => open(root, bundle, seen), { name: "TypeError", message: /^what was seen before cannot be read/ });
  }
});

test("a file is given as bytes or as text, a time as a date or as text", async () => {
  const { options, report } = cases.verified.find(({ name }) => name === "good");
  const bytes = await file("good");
  const copy = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  for (const credential of [bytes, copy, bytes.toString()]) {
    assert.deepEqual(trust.verify(credential, { ...options, now: new Date(options.now) }), report);
  }
  assert.throws(() => trust.verify({ proof: {} }), TypeError);
});

test("without a time, the status is measured by the machine's clock", async ({ mock }) => {
  const good = await file("good");
  for (const [now, verdict] of [["2026-11-26T00:00:00Z", "valid"], ["2027-11-26T00:00:00Z", "stale_status"]]) {
    mock.timers.enable({ apis: ["Date"], now: Date.parse(now) });
    assert.equal(trust.verify(good).verdict, verdict);
    mock.timers.reset();
  }
});

test("an option that is not known is refused, so that nothing asked for goes unheeded", async () => {
  const good = await file("good");
  assert.throws(() => trust.verify(good, { requireLogs: true }), { name: "TypeError", message: /requireLogs/ });
  assert.throws(() => trust.verify(good, { maxStatusAgeDays: -1 }), TypeError);
  assert.throws(() => trust.verify(good, { at: "yesterday" }), TypeError);
  assert.equal(trust.verify(good, { logProof: "garbage" }).verdict, "not_logged");
  assert.throws(() => trust.verify(good, { at: "2026-11-25 12:00:00Z" }), { name: "TypeError", message: /date and time/ });
  for (const nothing of [new Date("yesterday"), NaN, Infinity, null]) {
    for (const option of ["at", "now", "maxStatusAgeDays"]) {
      assert.throws(() => trust.verify(good, { [option]: nothing }), { name: "TypeError", message: new RegExp(`^${option} says nothing`) });
    }
  }
});

test("what was opened tells its names, versions and times", () => {
  assert.match(trust.root.digest, /^[0-9a-f]{64}$/);
  assert.deepEqual(trust.root, { digest: trust.root.digest, first: trust.root.digest, version: 1, expires: "2036-01-01T00:00:00Z" });
  assert.deepEqual(trust.bundle, { version: 7, as_of: "2026-11-25T06:00:00Z", expires: "2026-12-02T06:00:00Z" });
});

test("an earlier bundle is noticed only by who remembers what was seen", async () => {
  const rollback = (trust) => trust.verify("").checks.find(({ name }) => name === "rollback").outcome;
  assert.deepEqual([rollback(trust), rollback(open(root, bundle))], ["passed", "not_checked"]);
});

test("a file that is too large is malformed, whatever its size", () => {
  const large = new Uint8Array(64 << 20).fill(0x7b);
  const report = trust.verify(large);
  assert.deepEqual([report.verdict, report.checks[0].reason], ["malformed", "too_large"]);
  assert(maxCredentialBytes < 8 << 20);
});

test("a hundred thousand checks take no more memory than a thousand", async () => {
  const good = await file("good");
  const { memory } = await (await import("../pkg/akashi_verifier.js")).default();
  const times = (n) => { for (let i = 0; i < n; i++) trust.verify("{}"); trust.verify(good); return memory.buffer.byteLength; };
  assert.equal(times(1_000), times(100_000));
});

test("WebAssembly and JavaScript together have at most 250 KB when compressed", async () => {
  const files = ["index.js", "pkg/akashi_verifier.js", "pkg/akashi_verifier_bg.wasm"];
  const bytes = await Promise.all(files.map((name) => readFile(new URL(`../${name}`, import.meta.url))));
  const size = gzipSync(Buffer.concat(bytes)).length;
  assert(size <= LARGEST_PACKAGE, `${size} bytes`);
});

test("no path of the machine that built it is in the WebAssembly", async () => {
  const wasm = (await readFile(new URL("../pkg/akashi_verifier_bg.wasm", import.meta.url))).toString("latin1");
  assert.equal(wasm.match(/\/(home|root|usr|work|tmp|build)\/[\w./-]*|\.cargo/g), null);
});

test("the readme's example runs and prints the verdict", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const [, example] = readme.match(/```js\n([^]*?)```/);
  const folder = await mkdtemp(join(tmpdir(), "akashi-readme-"));
  try {
    const { writeFile, mkdir } = await import("node:fs/promises");
    await mkdir(join(folder, "node_modules"));
    await symlink(fileURLToPath(new URL("..", import.meta.url)), join(folder, "node_modules/akashi-verifier"));
    await writeFile(join(folder, "example.mjs"), example);
    for (const [from, to] of [["root", "root"], ["bundle", "bundle"], ["good", "certificate.json"]]) {
      await copyFile(new URL(`./corpus/${from}`, import.meta.url), join(folder, to));
    }
    const { stdout } = await promisify(execFile)(process.execPath, ["example.mjs"], { cwd: folder });
    assert.match(stdout, /^(valid|stale_status) RH26-7K3F 例示食品株式会社\n/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("every verdict and check that a report can have is in the types", async () => {
  const types = await readFile(new URL("../index.d.ts", import.meta.url), "utf8");
  const words = (type) => [...types.match(new RegExp(`type ${type} =([^;]*);`))[1].matchAll(/"(\w+)"/g)].map((m) => m[1]);
  for (const { report } of cases.verified) {
    assert.deepEqual(report.checks.map(({ name }) => name), words("CheckName"));
    assert(words("Verdict").includes(report.verdict));
  }
});
