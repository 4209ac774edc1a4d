// The page /verify: checks files in the browser with the verifier's WebAssembly. Nothing that is checked leaves the page.
// Without this script the page's form sends the file to the registry, which answers with the same report.

import { load, TrustError } from "./verifier/index.js";

const ROOT = "/.well-known/akashi/root";
const BUNDLE = "/.well-known/akashi/trust-bundle";
const SEEN = "akashi-seen";

const words = JSON.parse(document.getElementById("words").textContent);
const element = (id) => document.getElementById(id);
const [form, text, results] = ["verify", "text", "results"].map(element);

let verifier;
/** The root in use, as the verifier goes on from it, and what was opened under it. */
let root;
let trust;

// Where storage is blocked, to reach for it throws. Such a browser still checks: it fetches root and bundle at each visit, and
// remembers them until the page is left.
const kept = await (async () => caches.open("akashi-trust"))().catch(() => undefined);
const memory = allowed(() => localStorage);

function allowed(use) {
  try {
    return use();
  } catch {
    return undefined;
  }
}

const keptBytes = async (path) => (await kept?.match(path).catch(() => undefined))?.arrayBuffer();
const keep = (path, bytes) => kept?.put(path, new Response(bytes)).catch(() => {});
const seen = () => memory?.getItem(SEEN) ?? trust?.seen;

/** The registry does not answer, or not as it should. */
class Unreachable extends Error {}

/** What the registry has at that path; undefined when it has nothing there. */
async function fetched(path) {
  const response = await fetch(path, { cache: "no-cache" }).catch(() => undefined);
  if (response?.status === 404) return undefined;
  const bytes = response?.ok && (await response.arrayBuffer().catch(() => undefined));
  if (!bytes) throw new Unreachable(path);
  return bytes;
}

/** Opens root and bundle, and remembers that, so that older ones are noticed from then on. */
function use(manifests, bundle) {
  trust = verifier.open(manifests, bundle, seen());
  root = manifests;
  allowed(() => memory?.setItem(SEEN, trust.seen));
  showTrust();
}

async function useKept() {
  const [manifests, bundle] = await Promise.all([ROOT, BUNDLE].map(keptBytes));
  root = manifests;
  if (manifests && bundle) use(manifests, bundle);
}

/** Fetches what is new. The root that this browser saw first gives way only to those that follow it. */
async function refresh() {
  const [newest, bundle] = await Promise.all([ROOT, BUNDLE].map(fetched));
  if (!newest || !bundle) throw new Unreachable();
  const { manifests } = await verifier.follow(root ?? newest, newest, (version) => fetched(`${ROOT}/${version}`));
  use(manifests, bundle);
  await Promise.all([keep(ROOT, manifests), keep(BUNDLE, bundle)]);
}

/** What a failure means to the reader: what does not fit is refused, an unreachable registry is no fault. */
async function refreshed() {
  try {
    await refresh();
    say(words.refreshed);
  } catch (error) {
    if (error instanceof Unreachable) say(trust ? words.unreachable : words.nothing_kept);
    else say(`${trust ? words.refused : words.refused_unused} ${error.message} ${error instanceof TrustError ? `(${error.code})` : ""}`);
  } finally {
    element("forget").hidden = (seen() ?? root) === undefined;
  }
}

async function forget() {
  await Promise.all([ROOT, BUNDLE].map((path) => kept?.delete(path).catch(() => {})));
  allowed(() => memory?.removeItem(SEEN));
  root = trust = undefined;
  element("trust").hidden = true;
  await refreshed();
}

const moment = (time) => {
  const form = { dateStyle: "long", timeStyle: "short", timeZone: "UTC" };
  // As the registry writes days in English: 25 November 2026.
  const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
  return `${new Intl.DateTimeFormat(language, form).format(new Date(time))} (UTC)`;
};

const say = (sentence) => {
  element("said").textContent = sentence;
};

function showTrust() {
  element("as-of").textContent = moment(trust.bundle.as_of);
  element("bundle").textContent = trust.bundle.version;
  element("root").textContent = trust.root.digest;
  element("trust").hidden = false;
}

/** Checks named files, each given by its bytes; a log proof goes with the file whose name it carries on. */
function check(files) {
  if (!trust) return say(words.nothing_kept);
  const proofs = new Map(files.filter(({ name }) => name.endsWith(".tlog-proof")).map((file) => [file.name, file.bytes]));
  const reports = files.filter(({ name }) => !proofs.has(name)).map(({ name, bytes }) => {
    const proof = proofs.get(`${name}.tlog-proof`);
    const options = proof ? { requireLog: true, logProof: new TextDecoder().decode(proof) } : {};
    return { name, report: trust.verify(bytes, options) };
  });
  if (reports.length === 0) return say(words.nothing);
  results.replaceChildren(...reports.map(({ name, report }) => shown(name, report, reports.length === 1)));
  const valid = reports.filter(({ report }) => report.verdict === "valid").length;
  say(words.said.replace("{count}", reports.length).replace("{valid}", valid));
  results.firstElementChild.focus();
}

async function checkFiles(files) {
  // One byte more than the largest shows that a file is too large.
  const bytes = (file) => file.slice(0, verifier.maxCredentialBytes + 1).arrayBuffer();
  check(await Promise.all([...files].map(async (file) => ({ name: file.name, bytes: await bytes(file) }))));
}

const checkText = (text) => check(text.trim() === "" ? [] : [{ name: words.pasted, bytes: text }]);

/** A report as the page's template has it. */
function shown(name, report, isOnly) {
  const view = element("report").content.firstElementChild.cloneNode(true);
  const slot = (name) => view.querySelector(`[data-slot="${name}"]`);
  const fill = (name, text) => {
    slot(name).textContent = text ?? "";
    slot(name).closest("[data-optional]")?.toggleAttribute("hidden", !text);
  };
  // The first failed check that asks for the verdict is why.
  const why = report.checks.find(({ outcome, reason }) => outcome === "failed" && words.asks[reason] === report.verdict);
  fill("name", name);
  fill("verdict", words.verdict[report.verdict]);
  fill("advice", words.advice[report.verdict]);
  fill("why", why && because(why));
  fill("as-of", report.status_as_of && words.as_of.replace("{as_of}", moment(report.status_as_of)));
  fill("certificate", report.certificate);
  fill("holder", report.holder);
  fill("level", report.level);
  slot("status").classList.add(words.tone[report.verdict]);
  slot("facts").hidden = slot("link").hidden = report.certificate === null;
  if (report.certificate !== null) slot("link").href = `/certificates/${encodeURIComponent(report.certificate)}${location.search}`;
  slot("checks").replaceChildren(...report.checks.map(row));
  slot("all").open = isOnly;
  return view;
}

/** Why a check failed; a file that is something else is named for what it is. */
const because = ({ reason, facts }) => `${words.kind[facts.kind] ?? words.reason[reason]} (${reason})`;

function row({ name, outcome, reason, facts }) {
  const row = document.createElement("tr");
  const head = Object.assign(document.createElement("th"), { scope: "row", textContent: words.check[name] });
  const cell = document.createElement("td");
  cell.className = { passed: "yes", failed: "no", not_checked: "quiet" }[outcome];
  const why = outcome === "failed" ? because({ reason, facts }) : words.skipped[reason];
  cell.textContent = reason === null ? words.outcome[outcome] : `${words.outcome[outcome]}: ${why}`;
  row.append(head, cell);
  return row;
}

function listen() {
  const drop = element("drop");
  const hover = (isOver) => (event) => {
    event.preventDefault();
    drop.classList.toggle("over", isOver);
  };
  addEventListener("dragover", hover(true));
  addEventListener("dragleave", hover(false));
  addEventListener("drop", (event) => {
    hover(false)(event);
    const { files } = event.dataTransfer;
    if (files.length > 0) checkFiles(files);
    else checkText(event.dataTransfer.getData("text"));
  });
  addEventListener("paste", (event) => {
    if (event.target === text) return;
    const { files } = event.clipboardData;
    if (files.length > 0) checkFiles(files);
    else checkText(event.clipboardData.getData("text"));
  });
  element("file").addEventListener("change", ({ target }) => {
    if (target.files.length > 0) checkFiles(target.files);
    // So that the same file can be chosen again.
    target.value = "";
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    checkText(text.value);
  });
  element("refresh").addEventListener("click", refreshed);
  element("forget").addEventListener("click", forget);
}

async function keepPage() {
  await navigator.serviceWorker.register("/assets/verify-worker.js", { scope: "/verify", updateViaCache: "none" });
  await navigator.serviceWorker.ready;
  element("offline").hidden = false;
}

verifier = await load();
listen();
for (const part of document.querySelectorAll("[data-local]")) part.hidden = false;
for (const part of document.querySelectorAll("[data-sent]")) part.hidden = true;
element("file").multiple = true;
await useKept().catch(() => {});
await refreshed();
document.documentElement.dataset.ready = "";
// Where the browser keeps no pages, this one works while the network does.
await keepPage().catch(() => {});
