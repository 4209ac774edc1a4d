// The page /verify of a running registry, in Chromium: files are checked in the browser, also without a network, and
// nothing of them is sent.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { after, before, test } from "node:test";
import { setTimeout } from "node:timers/promises";

import { cases, text } from "../../verifier/wasm/tests/corpus.mjs";
import { assertNothingSent, launch, watched } from "./chromium.mjs";
import { demo } from "./registry.mjs";

// Where pictures of the page go, for people to look at; none by default.
const PICTURES = process.env.AKASHI_PICTURES;

let registry;
let origin;
let browser;
const files = {};

before(async () => {
  registry = await demo();
  let password;
  ({ origin, password } = registry);
  await withdraw(password);
  for (const state of ["active", "suspended", "withdrawn"]) files[state] = await credential(state);
  files.foreign = await text("good");
  browser = await launch();
  if (PICTURES) await mkdir(PICTURES, { recursive: true });
});

after(async () => {
  await browser?.close();
  registry?.stop();
});

async function asked(path, { token, body } = {}) {
  const headers = { accept: "application/json", "content-type": "application/json" };
  if (token) headers.authorization = `Bearer ${token}`;
  const method = body ? "POST" : "GET";
  const response = await fetch(`${origin}${path}`, { method, headers, body: body && JSON.stringify(body) });
  assert(response.ok, `${path}: ${response.status}`);
  return response.json();
}

/** The body withdraws one of the certificates in force, and its status is published. */
async function withdraw(password) {
  const body = { email: "decider@institutions.example", password };
  const { access_token: token } = await asked("/api/v1/sessions", { body });
  const [{ number }] = (await asked("/certificates?state=active")).items;
  const { version } = await asked(`/api/v1/certificates/${number}`, { token });
  const reason = { text: "An example.", lang: "en" };
  await asked(`/api/v1/certificates/${number}/withdraw`, { token, body: { version, reason, public_reason: "An example." } });
  for (let tries = 0; tries < 100; tries++) {
    const { items } = await asked("/certificates?state=withdrawn");
    if (items.length > 0) {
      const response = await fetch(`${origin}/verify`, { method: "POST", body: await credential("withdrawn") });
      if ((await response.json()).verdict === "revoked") return;
    }
    await setTimeout(100);
  }
  assert.fail("the withdrawal was not published within ten seconds");
}

/** A credential of a certificate in that state. */
async function credential(state) {
  const { items } = await asked(`/certificates?state=${state}`);
  const { credential_id } = await asked(`/certificates/${items[0].number}`);
  return (await fetch(`${origin}/credentials/${credential_id}?form=di_jcs`)).text();
}

/** The page, ready to check, in a browser profile of its own. What `says` tells stands in the place of the registry. */
async function opened({ language = "en", width = 1200, javaScriptEnabled = true, blocked, says } = {}) {
  // A request that a service worker sees is not given to `route`.
  const serviceWorkers = says && !blocked ? "block" : "allow";
  const context = await browser.newContext({ viewport: { width, height: 900 }, javaScriptEnabled, serviceWorkers });
  if (blocked) await context.addInitScript(blocked);
  if (says) await standIn(context, says);
  const seen = await watched(context);
  await seen.page.goto(`${origin}/verify?lang=${language}`);
  if (javaScriptEnabled) await ready(seen.page);
  return { context, ...seen };
}

/** Answers for the registry at the paths that `says.now` has; a text by itself, nothing with 404, and the rest as it is. */
const standIn = (context, says) =>
  context.route("**/.well-known/akashi/**", (route) => {
    const path = new URL(route.request().url()).pathname.replace("/.well-known/akashi/", "");
    if (!(path in says.now)) return route.continue();
    const body = says.now[path];
    return route.fulfill(body === undefined ? { status: 404 } : { body, contentType: "application/json" });
  });

/** What a registry of the corpus gives that has come so far. */
function registryOf(name) {
  const { newest, bundle, between } = cases.followings.find((following) => following.name === name);
  const roots = Object.entries(between).map(([version, root]) => [`root/${version}`, root]);
  return { root: newest, "trust-bundle": bundle, ...Object.fromEntries(roots) };
}

const ready = (page) => page.locator("html[data-ready]").waitFor();
const json = (name, text) => ({ name, mimeType: "application/json", buffer: Buffer.from(text) });
const verdicts = (page) => page.locator("#results h2").allTextContents();
const choose = async (page, ...chosen) => {
  await page.locator("#results").evaluate((results) => results.replaceChildren());
  await page.setInputFiles("#file", chosen.map(([name, text]) => json(name, text)));
  await page.locator("#results article").nth(chosen.length - 1).waitFor();
};

/** Drops a file on the page, as a person does. */
async function drop(page, name, text) {
  const data = await page.evaluateHandle(({ name, text }) => {
    const data = new DataTransfer();
    data.items.add(new File([text], name));
    return data;
  }, { name, text });
  await page.dispatchEvent("#drop", "dragover", { dataTransfer: data });
  await page.dispatchEvent("#drop", "drop", { dataTransfer: data });
  await page.locator("#results article").first().waitFor();
}

const EXPECTED = [
  ["active", "Valid"],
  ["withdrawn", "It was revoked"],
  ["suspended", "It is suspended"],
  ["foreign", "The issuer is not known here"],
];

test("a dropped file is checked where it is, and every check is shown", async () => {
  const { context, page, faults, requests } = await opened();
  await drop(page, "certificate.json", files.active);
  assert.deepEqual(await verdicts(page), ["Valid"]);
  assert.equal(await page.locator("#results tbody tr").count(), 15);
  assert.equal(await page.locator("#said").textContent(), "Files checked: 1. Valid: 1.");
  assert.match(await page.locator("#root").textContent(), /^[0-9a-f]{64}$/);
  assertNothingSent(requests, origin);
  assert.deepEqual(faults, []);
  await context.close();
});

test("several files, a pasted one and one in the text field are checked, and a log proof with its file", async () => {
  const { context, page, faults, requests } = await opened();
  await choose(page, ...EXPECTED.map(([kind]) => [`${kind}.json`, files[kind]]));
  assert.deepEqual(await verdicts(page), EXPECTED.map(([, verdict]) => verdict));
  assert.equal(await page.locator("#said").textContent(), "Files checked: 4. Valid: 1.");
  const words = JSON.parse(await page.locator("#words").textContent());
  for (const [kind, verdict] of EXPECTED) {
    const onServer = await fetch(`${origin}/verify`, { method: "POST", body: files[kind] });
    assert.equal(words.verdict[(await onServer.json()).verdict], verdict, "the registry says the same");
  }

  await page.evaluate((text) => {
    const data = new DataTransfer();
    data.setData("text", text);
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
  }, files.withdrawn);
  assert.deepEqual(await verdicts(page), ["It was revoked"]);

  await page.fill("#text", files.suspended);
  await page.getByRole("button", { name: "Verify" }).click();
  assert.deepEqual(await verdicts(page), ["It is suspended"]);

  const id = JSON.parse(files.active).id;
  const proof = await (await fetch(`${origin}${new URL(id).pathname}/log-proof`)).text();
  await page.setInputFiles("#file", [json("a.json", files.active), json("a.json.tlog-proof", proof)]);
  const log = page.locator("#results tr", { hasText: "It stands in the log" });
  await log.filter({ hasText: "passed" }).waitFor();
  assert.deepEqual(await verdicts(page), ["Valid"]);
  await page.setInputFiles("#file", [json("a.json", files.active), json("a.json.tlog-proof", "nothing")]);
  await log.filter({ hasText: "failed" }).waitFor();
  assert.deepEqual(await verdicts(page), ["It is not shown to stand in the log"]);
  assertNothingSent(requests, origin);
  assert.deepEqual(faults, []);
  await context.close();
});

test("by the keyboard alone a file's text is checked, and the reader is taken to the answer", async () => {
  const { context, page } = await opened();
  await page.focus("#text");
  await page.keyboard.insertText(files.active);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.locator("#results article").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.querySelector("h2").textContent), "Valid");
  assert.equal(await page.locator("#said").getAttribute("role"), "status");
  await context.close();
});

test("without a network the page opens again and checks, and says of when the statuses are", async () => {
  const { context, page, faults } = await opened();
  await page.locator("#offline").waitFor();
  const asOf = await page.locator("#as-of").textContent();
  await context.setOffline(true);
  await page.reload();
  await ready(page);
  assert.equal(await page.locator("#as-of").textContent(), asOf);
  assert.match(await page.locator("#said").textContent(), /cannot be reached/);
  await choose(page, ["a.json", files.active], ["b.json", files.withdrawn]);
  assert.deepEqual(await verdicts(page), ["Valid", "It was revoked"]);
  await page.goto(`${origin}/verify?lang=ja`);
  await ready(page);
  await choose(page, ["a.json", files.active]);
  assert.deepEqual(await verdicts(page), ["有効です"]);
  await context.setOffline(false);
  await page.locator("#refresh").click();
  await page.getByText("鍵と状態は最新です。").waitFor();
  const other = faults.filter((fault) => !fault.includes("ERR_INTERNET_DISCONNECTED"));
  assert.deepEqual(other, []);
  await context.close();
});

test("an older trust bundle is refused, and what was kept stays in use until the reader forgets it", async () => {
  const { context, page } = await opened();
  const kept = await page.locator("#bundle").textContent();
  await page.evaluate(() => {
    const seen = localStorage.getItem("akashi-seen").replace(/"bundle_version":\d+/, '"bundle_version":999999');
    localStorage.setItem("akashi-seen", seen);
  });
  await page.locator("#refresh").click();
  await page.getByText("bundle_older").waitFor();
  assert.equal(await page.locator("#bundle").textContent(), kept);
  await page.locator("#forget").click();
  await page.getByText("Keys and statuses are the newest.").waitFor();
  await context.close();
});

test("a memory that is damaged is not guessed at, and the reader can have it forgotten", async () => {
  const { context, page } = await opened();
  await page.evaluate(async () => {
    localStorage.setItem("akashi-seen", "{");
    await caches.delete("akashi-trust");
  });
  await page.reload();
  await ready(page);
  assert.match(await page.locator("#said").textContent(), /nothing can be checked. “Forget what is kept” begins anew: what was seen before cannot be read/);
  assert(!(await page.locator("#trust").isVisible()));
  await page.locator("#forget").click();
  await page.getByText("Keys and statuses are the newest.").waitFor();
  await choose(page, ["a.json", files.active]);
  assert.deepEqual(await verdicts(page), ["Valid"]);
  await context.close();
});

test("a root is followed to the registry's newest, and back it does not go", async () => {
  const says = { now: registryOf("the same") };
  const { context, page, faults } = await opened({ says });
  const root = () => page.locator("#root").textContent();
  const first = await root();
  says.now = registryOf("the next but one");
  await page.locator("#refresh").click();
  await page.getByText("Keys and statuses are the newest.").waitFor();
  await page.waitForFunction((first) => document.getElementById("root").textContent !== first, first);
  const third = await root();

  // Also for whoever comes again, and whatever the registry then says.
  says.now = registryOf("the same");
  await page.reload();
  await ready(page);
  assert.match(await page.locator("#said").textContent(), /\(root_older\)/);
  assert.equal(await root(), third);
  assert.deepEqual(faults, []);
  await context.close();
});

test("a root that does not follow the kept one is refused, and what was kept stays in use", async () => {
  const says = { now: {} };
  const { context, page } = await opened({ says });
  const kept = await page.locator("#root").textContent();
  for (const [name, code] of [
    ["the same", "root_forked"],
    ["the next", "root_not_vouched_for"],
    ["after one that is missing", "root_skipped"],
  ]) {
    says.now = { "root/2": undefined, ...registryOf(name) };
    await page.locator("#refresh").click();
    await page.getByText(`(${code})`).waitFor();
    assert.equal(await page.locator("#root").textContent(), kept);
  }
  await page.reload();
  await ready(page);
  assert.match(await page.locator("#said").textContent(), /What the registry gives now does not fit.*root_skipped/);
  assert.equal(await page.locator("#root").textContent(), kept);
  await choose(page, ["a.json", files.active]);
  assert.deepEqual(await verdicts(page), ["Valid"]);
  await context.close();
});

const refused = `() => { throw new DOMException("The operation is insecure.", "SecurityError"); }`;
const BLOCKED = {
  "storage is refused": `
    Object.defineProperty(self, "localStorage", { get: ${refused} });
    CacheStorage.prototype.open = async ${refused};
    ServiceWorkerContainer.prototype.register = async ${refused};`,
  "there is no storage": `
    for (const name of ["localStorage", "caches"]) Object.defineProperty(self, name, { value: undefined });
    Object.defineProperty(navigator, "serviceWorker", { value: undefined });`,
  "storage is full": `
    Storage.prototype.setItem = ${refused};
    Cache.prototype.put = async ${refused};`,
};

for (const [where, blocked] of Object.entries(BLOCKED)) {
  test(`where ${where} the page checks, and remembers nothing`, async () => {
    const says = { now: {} };
    const { context, page, faults } = await opened({ blocked, says });
    const earlier = page.locator("#results tr", { hasText: "seen no earlier ones" });
    for (const visit of ["first", "second"]) {
      assert.equal(await page.locator("#said").textContent(), "Keys and statuses are the newest.", visit);
      await choose(page, ["a.json", files.active]);
      assert.deepEqual(await verdicts(page), ["Valid"], visit);
      assert.equal(await earlier.count(), 1, visit);
      await page.reload();
      await ready(page);
    }
    // Until it is left, the page holds on to its root.
    says.now = registryOf("the same");
    await page.locator("#refresh").click();
    await page.getByText("(root_forked)").waitFor();
    assert.deepEqual(faults, []);
    await context.close();
  });
}

test("without JavaScript the form still asks the registry", async () => {
  const { context, page } = await opened({ javaScriptEnabled: false });
  assert(await page.getByText("It is not kept.").isVisible());
  assert(!(await page.getByText("It is not sent anywhere.").isVisible()));
  await page.fill("#text", files.active);
  await page.getByRole("button", { name: "Verify" }).click();
  assert.equal(await page.locator("h1").textContent(), "Valid");
  await context.close();
});

test("only this page may run a script, and WebAssembly is its only exception", async () => {
  const policy = async (path) => (await fetch(`${origin}${path}`)).headers.get("content-security-policy");
  const strict = await policy("/");
  assert(strict.startsWith("default-src 'none'") && !strict.includes("script-src"));
  assert.equal(await policy("/verify"), `${strict}; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'`);
  assert.equal(await policy("/assets/verify-worker.js"), "default-src 'none'; connect-src 'self'");
});

for (const language of ["en", "ja"]) {
  for (const width of [390, 1200]) {
    test(`at ${width} pixels in ${language} nothing runs out of the page`, async () => {
      const { context, page, faults } = await opened({ language, width });
      for (const [kind] of EXPECTED) {
        await choose(page, [`${kind}-certificate-of-a-supplier-with-a-long-name.json`, files[kind]]);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert(overflow <= 0, `${overflow} pixels`);
        if (PICTURES) await page.screenshot({ path: `${PICTURES}/${language}-${width}-${kind}.png`, fullPage: true });
      }
      assert.deepEqual(faults, []);
      await context.close();
    });
  }
}
