// People at the desk: each in a browser profile of its own, with what every page must hold to.

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import { watched } from "./chromium.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// Pictures of every page, for people to look at.
export const PICTURES = process.env.AKASHI_PICTURES ?? new URL("../../target/pictures", import.meta.url).pathname;
await mkdir(PICTURES, { recursive: true });

export const PHONE = { width: 390, height: 844 };
export const DESK = { width: 1280, height: 900 };

/** The heaviest that a page may be on its first load, styles and script among it, in bytes as they travel. */
const HEAVIEST = 100 * 1024;

/** Somebody at a browser, signed in. */
export class Visitor {
  static async arrives(browser, registry, { language, size, javaScriptEnabled = true }) {
    const context = await browser.newContext({
      viewport: size, locale: language === "ja" ? "ja-JP" : "en-GB", hasTouch: size === PHONE, javaScriptEnabled,
      extraHTTPHeaders: { "accept-language": language },
    });
    const seen = await watched(context);
    const visitor = new Visitor();
    Object.assign(visitor, { registry, language, size, context, ...seen, where: `${language}-${size === PHONE ? "phone" : "desk"}` });
    return visitor;
  }

  /** The same, signed in as one of the demo's people. */
  static async signsIn(browser, registry, email, options) {
    const visitor = await Visitor.arrives(browser, registry, options);
    await visitor.open("/desk");
    await visitor.enter(email, registry.password);
    return visitor;
  }

  async open(path) {
    const sign = path.includes("?") ? "&" : "?";
    await this.page.goto(`${this.registry.origin}${path}${sign}lang=${this.language}`);
  }

  async enter(email, password) {
    await this.page.fill("#email", email);
    await this.page.fill("#password", password);
    await this.send("form[action^='/sign-in']");
  }

  /** Sends a form by its only button, or the one named, and waits for the page that follows. */
  async send(form, button = "button") {
    const there = this.page.locator(form).first();
    await Promise.all([this.page.waitForNavigation(), there.locator(button).last().click()]);
  }

  /** Sends the form whose address ends so. */
  act(word, button) {
    return this.send(`form[action*='/${word}?'], form[action$='/${word}']`, button);
  }

  async follow(link) {
    await Promise.all([this.page.waitForNavigation(), this.page.locator(link).first().click()]);
  }

  /** What the page says when something was done, or was not. */
  notice() {
    return this.page.locator("main .notice").first().innerText();
  }

  async done() {
    const good = this.page.locator("main .notice.good");
    assert.equal(await good.count(), 1, `nothing was done: ${await this.page.locator("main").innerText()}`);
  }

  /** Looks at the page as everybody must be able to: no finding of axe that is serious, nothing cut off, the language said,
   *  and light; and keeps a picture. */
  async look(name) {
    const { page } = this;
    assert.equal(await page.locator("html").getAttribute("lang"), this.language, name);
    await page.screenshot({ path: `${PICTURES}/${name}-${this.where}.png`, fullPage: true });
    await page.evaluate(AXE);
    const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
    const grave = found.violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    const told = grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("\n")}`);
    assert.deepEqual(told, [], `${name} (${this.where})`);
    const [content, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(content <= room, `${name} (${this.where}) is ${content} wide in ${room}`);
    // A form that is not taken is answered with the status of its problem, which Chromium writes down.
    const faults = this.faults.filter((fault) => !/status of (401|403|404|409|412|422)/.test(fault));
    assert.deepEqual(faults, [], `${name} (${this.where})`);
  }

  /** What the page weighs when it is opened for the first time. */
  async weight() {
    const context = await this.context.browser().newContext({ storageState: await this.context.storageState() });
    const page = await context.newPage();
    const network = await context.newCDPSession(page);
    await network.send("Network.enable");
    let weight = 0;
    network.on("Network.loadingFinished", ({ encodedDataLength }) => { weight += encodedDataLength; });
    await page.goto(this.page.url(), { waitUntil: "networkidle" });
    await context.close();
    return weight;
  }

  async isLight(name) {
    const weight = await this.weight();
    assert.ok(weight <= HEAVIEST, `${name} weighs ${weight} bytes`);
  }

  leave() {
    return this.context.close();
  }
}

/** The thirteen digits of a corporate number, the first of which checks the others. */
export function corporateNumber(twelve) {
  const digits = [...twelve].reverse().map(Number);
  const sum = digits.reduce((sum, digit, place) => sum + digit * (place % 2 === 0 ? 1 : 2), 0);
  return `${9 - (sum % 9)}${twelve}`;
}

/** Fills every pair of a section in: `choose` gives its value, ground and words. The first is done by hand, so to speak; the
 *  others, which are alike, by the events that a hand makes. */
export async function fill(visitor, choose) {
  const boxes = visitor.page.locator("fieldset.pair");
  const keys = await boxes.evaluateAll((all) => all.map((box) => box.dataset.key));
  const choices = keys.map((key) => ({ key, ...choose(key) }));
  const [first, ...others] = choices;
  await boxes.first().locator(`input[value="${first.value}"]`).check();
  if (first.words) await boxes.first().locator("textarea").fill(first.words);
  await visitor.page.evaluate((others) => {
    for (const { key, value, ground, words } of others) {
      const box = document.querySelector(`fieldset[data-key="${key}"]`);
      const set = (field, name, to) => {
        field[name] = to;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      };
      set(box.querySelector(`input[value="${value}"]`), "checked", true);
      if (ground) set(box.querySelector("select"), "value", ground);
      if (words) set(box.querySelector("textarea"), "value", words);
    }
  }, others);
}
