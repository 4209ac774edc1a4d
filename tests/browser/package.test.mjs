// The verifier's package in Chromium, under the policy that its readme names, says of every file of the corpus what the Rust
// library says.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { cases, text } from "../../verifier/wasm/tests/corpus.mjs";
import { assertNothingSent, launch, watched } from "./chromium.mjs";

const PACKAGE = new URL("../../verifier/wasm/", import.meta.url);
// The page's own empty icon apart, as a registry's page.
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; img-src data:";
const TYPES = { js: "text/javascript", wasm: "application/wasm" };

let browser;
let server;
let origin;
let seen;

before(async () => {
  server = createServer(async ({ url }, response) => {
    if (url === "/") {
      response.writeHead(200, { "content-type": "text/html", "content-security-policy": POLICY });
      return response.end("<!doctype html><title>corpus</title><link rel=icon href=data:,>");
    }
    const bytes = await readFile(new URL(`.${url}`, PACKAGE)).catch(() => undefined);
    response.writeHead(bytes ? 200 : 404, { "content-type": TYPES[url.split(".").pop()] ?? "text/plain" });
    response.end(bytes);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${server.address().port}`;
  browser = await launch();
  seen = await watched(await browser.newContext());
  await seen.page.goto(origin);
  const given = { root: await text("root"), bundle: await text("bundle"), seen: cases.seen };
  await seen.page.evaluate(async ({ root, bundle, seen }) => {
    const { load } = await import("/index.js");
    self.verifier = await load();
    self.trust = self.verifier.open(root, bundle, seen);
  }, given);
});

after(async () => {
  await browser?.close();
  server.closeAllConnections();
  server.close();
});

for (const { name, options, report } of cases.verified) {
  test(`${name} is ${report.verdict} in Chromium, check by check as in Rust`, async () => {
    const given = { credential: await text(name), options };
    const said = await seen.page.evaluate(({ credential, options }) => self.trust.verify(credential, options), given);
    assert.deepEqual(said, report);
  });
}

for (const { name, root, bundle, seen: before, after, code } of cases.openings) {
  test(`root and bundle in Chromium: ${name}, ${code ? `refused as ${code}` : "opened"}`, async () => {
    const said = await seen.page.evaluate(({ root, bundle, before }) => {
      try {
        return self.verifier.open(root, bundle, before ?? undefined).seen;
      } catch (error) {
        return [error.name, error.code];
      }
    }, { root, bundle, before });
    assert.deepEqual(said, code ? ["TrustError", code] : after);
  });
}

for (const { name, root, newest, between, manifests, code } of cases.followings) {
  test(`following a root in Chromium: ${name}, ${code ? `refused as ${code}` : "followed"}`, async () => {
    const said = await seen.page.evaluate(async ({ root, newest, between }) => {
      try {
        return (await self.verifier.follow(root, newest, async (version) => between[version])).manifests;
      } catch (error) {
        return [error.name, error.code];
      }
    }, { root, newest, between });
    assert.deepEqual(said, code ? ["TrustError", code] : manifests);
  });
}

test("nothing was sent, and the page's policy was never broken", () => {
  assertNothingSent(seen.requests, origin);
  assert.deepEqual(seen.faults, []);
});
