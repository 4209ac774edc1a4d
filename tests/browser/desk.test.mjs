// The desk of a running registry, in Chromium: companies, assessors, reviewers, decision makers and quality managers take a
// case the whole way, on a phone and at a desk, in both languages, on both engines.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { launch } from "./chromium.mjs";
import { DESK, PHONE, Visitor, corporateNumber, fill } from "./desk.mjs";
import { demo, hasPostgres } from "./registry.mjs";

const VERIFY = process.env.AKASHI_VERIFY_BIN ?? fileURLToPath(new URL("../../target/release/akashi-verify", import.meta.url));

const STAFF = Object.fromEntries(
  ["quality", "lead", "second", "reviewer", "decider"].map((name) => [name, `${name}@institutions.example`]),
);

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

/** A number of two digits for each company that the tests register. */
let registered = 10;

/** What the company shows: a picture of one white pixel. */
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==", "base64",
);

/** A company signs up, registers, says what it has, answers for itself, shows evidence, agrees, and hands in. */
async function applies(registry, how) {
  const number = `9998000000${registered += 1}`;
  const email = `new-${number}-${how.language}@companies.example`;
  const owner = await Visitor.arrives(browser, registry, how);
  await owner.open("/sign-up");
  await owner.look("sign-up");
  await owner.page.fill("#name", "Example Applicant");
  await owner.page.fill("#email", email);
  await owner.page.fill("#password", "a password for the test");
  await owner.send("form[action^='/sign-up']");
  await owner.look("home-empty");
  await owner.follow("a[href^='/desk/companies/new']");
  await owner.page.fill("#register-name", `例示試験${number}株式会社`);
  await owner.page.fill("#register-identifiers", `${corporateNumber(number)}`.replace(/^./, "0"));
  await owner.page.fill("#register-roman", "Example Trial Works");
  await owner.act("new");
  await owner.look("register-slip");
  assert.equal(await owner.page.inputValue("#register-roman"), "Example Trial Works", "nothing typed is lost");
  await owner.page.fill("#register-identifiers", corporateNumber(number));
  await owner.act("new");
  await owner.done();
  await owner.page.locator("label[for='facility-site']").click();
  await owner.page.fill("#facility-name", "Example shop");
  await owner.page.fill("#facility-address", "9-1 Example-cho, Example-shi");
  await owner.page.fill("#facility-region", "JP-23");
  await owner.page.fill("#facility-workers", "5");
  await owner.act("facility");
  await owner.done();
  await owner.look("company");
  await owner.follow("a[href*='/apply']");
  await owner.look("apply");
  await owner.act("apply");
  await owner.look("draft");
  const draft = owner.page.url().split("?")[0];
  await owner.act("submit");
  await owner.look("draft-incomplete");
  await owner.page.locator("label[for='fact-specified_skilled']").click();
  await owner.act("scope");
  await owner.done();
  await owner.follow(".sections a");
  await owner.look("answers");
  await owner.isLight("answers");
  for (let more = true; more;) {
    await fill(owner, () => ({ value: "yes" }));
    more = (await owner.page.locator("button[value='next']").count()) > 0;
    await owner.send("form.sheet");
  }
  await owner.page.goto(`${draft}/sections/recruitment?lang=${how.language}`);
  await owner.follow("a.small");
  await owner.look("evidence");
  await owner.page.fill("#upload-period_from", "2026-09-01");
  await owner.page.fill("#upload-period_to", "2026-09-30");
  const file = { name: "例示の写真.png", mimeType: "image/png", buffer: PNG };
  await owner.page.setInputFiles("#files", [file, { ...file, name: "second.png", buffer: Buffer.concat([PNG, Buffer.from([0])]) }]);
  await Promise.all([owner.page.waitForNavigation(), owner.page.click("form.upload button")]);
  assert.equal(await owner.page.locator(".pieces a").count(), 2);
  await owner.look("evidence-added");
  await owner.page.goto(`${draft}?lang=${how.language}`);
  await owner.act("agreement");
  await owner.done();
  await owner.act("submit");
  await owner.done();
  await owner.look("submitted");
  return { owner, case: new URL(draft).pathname };
}

/** The body's quality manager takes the application on and gives four people their tasks. */
async function takesOn(registry, how, path) {
  const quality = await Visitor.signsIn(browser, registry, STAFF.quality, how);
  await quality.look("quality-home");
  await quality.open(path);
  await quality.look("quality-review");
  await quality.act("accept");
  await quality.done();
  for (const [task, name] of [["lead", "lead"], ["reviewer", "reviewer"], ["decider", "decision maker"]]) {
    if (task !== "lead") await quality.page.selectOption("#assign-task", task);
    const option = quality.page.locator("#assign-account option", { hasText: new RegExp(`^${name}`) }).first();
    await quality.page.selectOption("#assign-account", await option.getAttribute("value"));
    await quality.act("assign");
    await quality.done();
  }
  await quality.look("quality-assigned");
  await quality.leave();
}

/** Somebody of the body opens the case and accepts the task. */
async function takesTask(registry, how, who, path) {
  const person = await Visitor.signsIn(browser, registry, STAFF[who], how);
  await person.open(path);
  if (await person.page.locator("form[action*='/task']").count()) {
    await person.look(`${who}-offered`);
    await person.act("task");
    await person.done();
  }
  return person;
}

/** The lead assessor rates all, section by section, finds one gap, and completes the checklist. */
async function assesses(registry, how, path) {
  const lead = await takesTask(registry, how, "lead", path);
  await lead.follow("a[href*='/desk/assessments/']");
  await lead.look("assessment-planned");
  await lead.act("start");
  await lead.done();
  await lead.look("assessment-open");
  await lead.follow(".sections a");
  await lead.look("ratings");
  await lead.isLight("ratings");
  for (let more = true; more;) {
    await fill(lead, (key) => (key.startsWith("RH-10.7.")
      ? { value: "minor", words: "The list is not complete." }
      : { value: "conform", words: "Seen on the visit." }));
    more = (await lead.page.locator("button[value='next']").count()) > 0;
    await lead.send("form.sheet");
    await lead.done();
  }
  await lead.act("complete");
  await lead.look("assessment-incomplete");
  for (const box of await lead.page.locator("input[name^='held.']").all()) await box.fill("vi 3, id 2");
  await lead.act("complete");
  await lead.done();
  await lead.look("assessment-findings");
  return lead;
}

/** The company plans what it will do about the finding; the lead assessor accepts it. */
async function corrects(owner, lead, path) {
  await owner.open(path);
  await owner.look("owner-findings");
  await owner.follow("a[href*='/desk/findings/']");
  await owner.look("finding-open");
  await owner.page.fill("#plan-cause", "Nobody was named for it.");
  await owner.page.fill("#plan-plan", "The manager completes it by the end of next month.");
  await owner.act("plan");
  await owner.done();
  const finding = new URL(owner.page.url()).pathname;
  await lead.open(finding);
  await lead.look("finding-planned");
  await lead.act("accept-plan");
  await lead.done();
  await lead.leave();
}

/** The reviewer recommends, the decision maker grants; gives the certificate's number. */
async function decides(registry, how, path) {
  const reviewer = await takesTask(registry, how, "reviewer", path);
  await reviewer.follow("a[href*='/desk/assessments/']");
  await reviewer.look("review");
  await reviewer.follow("a[href*='/report']");
  await reviewer.look("report");
  await reviewer.page.goBack();
  await reviewer.page.locator("label[for='recommend-grant']").click();
  await reviewer.page.selectOption("#review-level", "certified");
  const na = reviewer.page.locator("label[for='na_accepted']");
  if (await na.count()) await na.click();
  await reviewer.page.fill("#review-reason", "The ratings follow from the notes.");
  await reviewer.act("review");
  await reviewer.done();
  await reviewer.leave();
  const decider = await takesTask(registry, how, "decider", path);
  await decider.follow("a[href*='/decision']");
  await decider.look("decision");
  await decider.page.locator("label[for='decide-grant']").click();
  await decider.page.selectOption("#decision-level", "certified");
  await decider.page.fill("#decision-reason", "As recommended.");
  await decider.act("decision");
  await decider.done();
  await decider.look("decided");
  await decider.leave();
}

/** The certificate's page, once it is public, and its file, checked offline. */
async function holds(registry, owner, path) {
  await owner.open(path);
  const link = owner.page.locator("a[href^='/certificates/']", { hasText: /AK-/ });
  const number = (await link.innerText()).match(/AK-[0-9A-Z-]+/)[0];
  for (let tries = 0; ; tries += 1) {
    const answer = await owner.page.goto(`${registry.origin}/certificates/${number}?lang=${owner.language}`);
    if (answer.status() === 200) break;
    assert.ok(tries < 100, "the certificate is not public after ten seconds");
    await setTimeout(100);
  }
  await owner.look("certificate");
  const folder = await mkdtemp(join(tmpdir(), "akashi-desk-"));
  const save = async (name, address) => {
    const answer = await fetch(new URL(address, registry.origin));
    const file = join(folder, name);
    await writeFile(file, Buffer.from(await answer.arrayBuffer()));
    return file;
  };
  const credential = await save("certificate.json", await owner.page.locator("a[download$='.json']").first().getAttribute("href"));
  const root = await save("root", "/.well-known/akashi/root");
  const bundle = await save("bundle", "/.well-known/akashi/trust-bundle");
  const { stdout } = await promisify(execFile)(VERIFY, [credential, "--root", root, "--trust", bundle, "--format", "json"]);
  assert.equal(JSON.parse(stdout)[0].verdict, "valid");
}

const WAYS = [
  { language: "en", size: DESK }, { language: "ja", size: PHONE }, { language: "ja", size: DESK }, { language: "en", size: PHONE },
];

for (const engine of ["sqlite", "postgres"]) {
  describe(`on ${engine}`, { skip: engine === "postgres" && !hasPostgres && "there is no PostgreSQL: apt-get install postgresql" }, () => {
    let registry;
    before(async () => { registry = await demo(engine); });
    after(() => registry?.stop());

    for (const how of WAYS) {
      const where = `${how.language}, ${how.size === PHONE ? "phone" : "desk"}`;
      test(`a company goes the whole way to a credential that verifies offline: ${where}`, async () => {
        const { owner, case: path } = await applies(registry, how);
        await takesOn(registry, how, path);
        const lead = await assesses(registry, how, path);
        await corrects(owner, lead, path);
        await decides(registry, how, path);
        await holds(registry, owner, path);
        await owner.leave();
      });
    }
  });
}

describe("a case that waits for its assessor", () => {
  let registry;
  let sheet;
  const how = { language: "en", size: DESK };
  before(async () => { registry = await demo(); });
  after(() => registry?.stop());

  /** Goes by the Tab key to what the selector names. */
  async function tabTo(page, selector) {
    for (let tries = 0; tries < 200; tries += 1) {
      await page.keyboard.press("Tab");
      if (await page.evaluate((selector) => document.activeElement.matches(selector), selector)) return;
    }
    assert.fail(`no Tab leads to ${selector}`);
  }
  const enter = async (page, selector) => {
    await tabTo(page, selector);
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  };

  test("is taken up by keyboard alone", async () => {
    const second = await Visitor.signsIn(browser, registry, STAFF.second, how);
    await second.follow(".queue a");
    await second.act("task");
    await second.done();
    await second.leave();

    const lead = await Visitor.arrives(browser, registry, how);
    const { page } = lead;
    await lead.open("/desk");
    await tabTo(page, "#email");
    await page.keyboard.type(STAFF.lead);
    await tabTo(page, "#password");
    await page.keyboard.type(registry.password);
    await enter(page, "form[action^='/sign-in'] button");
    await enter(page, ".queue a");
    await enter(page, "form[action*='/task'] button");
    await enter(page, "a[href*='/desk/assessments/']");
    await enter(page, "form[action*='/start'] button");
    await enter(page, ".sections a");
    sheet = page.url();
    await tabTo(page, ".pair input[type='radio']");
    await page.keyboard.press("Space");
    await tabTo(page, ".pair textarea");
    await page.keyboard.type("Seen on the visit.");
    await enter(page, "button[value='stay']");
    await lead.done();
    assert.equal(await page.locator(".pair.given textarea").first().inputValue(), "Seen on the visit.");
    await lead.leave();
  });

  test("keeps what was typed without a connection, and sends it when there is one again", async () => {
    const lead = await Visitor.signsIn(browser, registry, STAFF.lead, how);
    await lead.page.goto(sheet);
    const box = lead.page.locator("fieldset.pair").nth(1);
    await lead.context.setOffline(true);
    await box.locator("input[value='conform']").check();
    await box.locator("textarea").fill("Heard in the kitchen.");
    await box.locator("textarea").blur();
    await lead.page.waitForFunction(() => document.querySelector(".sheet-state").textContent.includes("Not sent yet"));
    lead.faults.length = 0;
    await lead.context.setOffline(false);
    await box.locator(".pair-state", { hasText: /^Saved$/ }).waitFor();
    await lead.page.reload();
    assert.equal(await box.locator("textarea").inputValue(), "Heard in the kitchen.");
    await lead.leave();
  });

  test("keeps what was typed when the sign-in is lost, and gives it to nobody else", async () => {
    const lead = await Visitor.signsIn(browser, registry, STAFF.lead, how);
    await lead.page.goto(sheet);
    const box = lead.page.locator("fieldset.pair").nth(2);
    await lead.context.clearCookies();
    await box.locator("input[value='conform']").check();
    await box.locator("textarea").fill("Seen in the ledger.");
    await box.locator("textarea").blur();
    await box.locator(".pair-state", { hasText: "sign-in has ended" }).waitFor();
    // Somebody else signs in at this browser: the page is not theirs to see, nor is what was typed.
    await lead.open("/desk");
    await lead.enter("kaigo@companies.example", registry.password);
    await lead.page.goto(sheet);
    assert.ok(!(await lead.page.content()).includes("Seen in the ledger."));
    await lead.look("forbidden");
    await lead.context.clearCookies();
    await lead.open("/desk");
    await lead.enter(STAFF.lead, registry.password);
    await lead.page.goto(sheet);
    await box.locator(".pair-state", { hasText: /^Saved$/ }).waitFor();
    await lead.page.reload();
    assert.equal(await box.locator("textarea").inputValue(), "Seen in the ledger.");
    await lead.leave();
  });

  test("shows to each of two editors what the other has done, and loses neither's words", async () => {
    const [lead, second] = await Promise.all([STAFF.lead, STAFF.second].map((who) => Visitor.signsIn(browser, registry, who, how)));
    await Promise.all([lead, second].map((one) => one.page.goto(sheet)));
    const box = (one) => one.page.locator("fieldset.pair").nth(3);
    for (const [one, value, words, state] of [
      [lead, "conform", "The lead saw it.", /^Saved$/], [second, "minor", "The second heard otherwise.", /Somebody else/],
    ]) {
      await box(one).locator(`input[value='${value}']`).check();
      await box(one).locator("textarea").fill(words);
      await box(one).locator("textarea").blur();
      await box(one).locator(".pair-state", { hasText: state }).waitFor();
    }
    assert.match(await box(second).locator(".other").innerText(), /The lead saw it\./);
    assert.equal(await box(second).locator("textarea").inputValue(), "The second heard otherwise.");
    await second.look("overtaken");
    await box(second).locator("button", { hasText: "Keep mine" }).click();
    await box(second).locator(".pair-state", { hasText: /^Saved$/ }).waitFor();
    await Promise.all([lead, second].map((one) => one.leave()));
  });

  test("loses nothing of a form whose upload breaks off", async () => {
    const lead = await Visitor.signsIn(browser, registry, STAFF.lead, how);
    await lead.page.goto(sheet);
    await lead.follow("a.small");
    await lead.page.fill("#upload-period_from", "2026-09-01");
    await lead.page.fill("#upload-period_to", "2026-09-30");
    await lead.page.setInputFiles("#files", { name: "photo.png", mimeType: "image/png", buffer: PNG });
    const before = await lead.page.locator(".pieces a").count();
    await lead.context.route("**/evidence**", (route) => (route.request().method() === "POST" ? route.abort("connectionreset") : route.continue()));
    await lead.page.click("form.upload button");
    await lead.page.locator(".sending.no").waitFor();
    assert.match(await lead.page.locator(".sending").innerText(), /broke off/);
    lead.faults.length = 0;
    await lead.look("upload-broken");
    assert.equal(await lead.page.inputValue("#upload-period_from"), "2026-09-01");
    await lead.context.unroute("**/evidence**");
    // The same when the sign-in is lost meanwhile; without a script one comes back to this very form.
    const cookies = await lead.context.cookies();
    await lead.context.clearCookies();
    await lead.page.click("form.upload button");
    await lead.page.locator(".sending.no", { hasText: "sign-in has ended" }).waitFor();
    await lead.context.addCookies(cookies);
    await Promise.all([lead.page.waitForNavigation(), lead.page.click("form.upload button")]);
    assert.equal(await lead.page.locator(".pieces a").count(), before + 1);
    await lead.leave();
  });

  test("is worked on without a script too", async () => {
    const lead = await Visitor.signsIn(browser, registry, STAFF.lead, { ...how, javaScriptEnabled: false });
    await lead.page.goto(sheet);
    const box = lead.page.locator("fieldset.pair").nth(4);
    await box.locator("input[value='conform']").check();
    await lead.send("form.sheet", "button[value='stay']");
    assert.match(await lead.notice(), /1 not saved yet/);
    assert.ok(await box.locator("input[value='conform']").isChecked(), "nothing typed is lost");
    await box.locator("textarea").fill("Seen on the wall.");
    await lead.send("form.sheet", "button[value='stay']");
    await lead.done();
    await lead.leave();
  });
});
