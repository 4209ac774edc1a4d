// What the public sees of a running registry, in Chromium: the search, an empty result and the pages of certificates that are
// in force and suspended; on a phone in English and at a desk in Japanese, also by the keyboard alone.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { assertNothingSent, launch } from "./chromium.mjs";
import { DESK, PHONE, Visitor } from "./desk.mjs";
import { demo } from "./registry.mjs";

const WORDS = {
  en: { none: "No certificate matches", slip: "There is a slip", not: "What was not looked at", source: "Source: " },
  ja: { none: "該当する認証はありません", slip: "打ち間違い", not: "審査していないこと", source: "裏付け：" },
};

let browser;
let registry;
before(async () => {
  browser = await launch();
  registry = await demo();
});
after(async () => {
  await browser?.close();
  registry?.stop();
});

/** The number of the first certificate in a state, of those that the registry lists. */
async function inState(...states) {
  const { items } = await (await fetch(`${registry.origin}/certificates`, { headers: { accept: "application/json" } })).json();
  return items.find(({ state }) => states.includes(state))?.number;
}

/** Types what is asked and sends it with the key Enter. */
async function asks(visitor, text) {
  await visitor.open("/certificates");
  await visitor.page.focus("#q");
  await visitor.page.keyboard.type(text);
  await Promise.all([visitor.page.waitForNavigation(), visitor.page.keyboard.press("Enter")]);
}

for (const how of [{ language: "en", size: PHONE }, { language: "ja", size: DESK }]) {
  const words = WORDS[how.language];

  describe(`the public, ${how.language}`, () => {
    test("everybody is listed, and found by a name with a slip", async () => {
      const visitor = await Visitor.arrives(browser, registry, how);
      await visitor.open("/certificates");
      await visitor.look("public-list");
      const { items } = await (await fetch(`${registry.origin}/certificates`, { headers: { accept: "application/json" } })).json();
      assert.equal(await visitor.page.locator(".results li").count(), items.length);
      await asks(visitor, "例示金属工業(株)");
      await visitor.look("public-found");
      assert.ok((await visitor.page.locator(".results .holder").first().innerText()).includes("例示金属工業"));
      assertNothingSent(visitor.requests, registry.origin);
      await visitor.leave();
    });

    test("nothing found says what that means", async () => {
      const visitor = await Visitor.arrives(browser, registry, how);
      await asks(visitor, "Qwertz Nobody");
      await visitor.look("public-empty");
      assert.ok((await visitor.notice()).includes(words.none));
      await asks(visitor, `${(await inState("active")).slice(0, -1)}0`);
      await visitor.look("public-slip");
      assert.ok((await visitor.notice()).includes(words.slip));
      await visitor.leave();
    });

    test("a certificate's page says what was not looked at, and who vouches, by the keyboard", async () => {
      const visitor = await Visitor.arrives(browser, registry, how);
      for (const [name, ...states] of [["active", "active"], ["suspended", "suspended"]]) {
        const number = await inState(...states);
        assert.ok(number, `the demo has no certificate that is ${name}`);
        await visitor.open(`/certificates/${number}`);
        await visitor.look(`public-certificate-${name}`);
        assert.ok(await visitor.page.locator("h2", { hasText: words.not }).count(), name);
        const source = visitor.page.locator("details.source").first();
        assert.ok((await source.locator("summary").innerText()).includes(words.source));
        assert.equal(await source.locator("p").isVisible(), false);
        await source.locator("summary").focus();
        await visitor.page.keyboard.press("Enter");
        assert.equal(await source.locator("p").isVisible(), true, "it opens by the keyboard");
        await visitor.isLight(`public-certificate-${name}`);
      }
      await visitor.leave();
    });
  });
}
