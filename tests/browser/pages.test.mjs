// Every page that links lead to, for the public and for each role at the desk, on a phone and at a desk, in both languages:
// whatever page there is, and whoever adds one, it is looked at as every other.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { launch } from "./chromium.mjs";
import { DESK, PHONE, Visitor } from "./desk.mjs";
import { demo } from "./registry.mjs";

/** Who looks, and pages that must be among those that links lead this person to. */
const PEOPLE = {
  anybody: ["/", "/certificates", "/certificates/*", "/facilities/*", "/programmes/*/*", "/verify", "/complain", "/complaints", "/may-i-apply", "/bodies/*/counts", "/sign-in", "/sign-up"],
  "quality@institutions.example": [
    "/desk", "/desk/applications/*", "/desk/mail", "/desk/parties/*/certificates", "/desk/parties/*/complaints", "/desk/parties/*/appeals",
    "/desk/parties/*/fees", "/desk/parties/*/people", "/desk/certificates/*",
  ],
  "decider@institutions.example": ["/desk", "/desk/conflicts", "/desk/applications/*", "/desk/certificates/*", "/desk/certificates/*/reinstate", "/desk/certificates/*/withdraw-certificate"],
  "lead@institutions.example": ["/desk", "/desk/applications/*"],
  "reviewer@institutions.example": ["/desk", "/desk/certificates/*"],
  "kaigo@companies.example": ["/desk", "/desk/companies/*", "/desk/companies/*/apply", "/desk/companies/new", "/desk/mail"],
};

/** A path without what names one thing of many. */
function pattern(path) {
  const kinds = path.match(/^\/(programmes|bodies)\//)?.[1];
  const parts = path.split("/").map((part, place) => {
    const names = /^[0-9a-f]{8}-[0-9a-f-]{27}$|^AK-/.test(part) || (place > 1 && kinds !== undefined && (kinds === "programmes" || place === 2));
    return names ? "*" : part;
  });
  return parts.join("/").replace(/\/sections\/.*/, "/sections/*");
}

/** Pages that are files, or another way to say a page. */
const NO_PAGE = /^\/(api|assets|log|status|credentials|openapi\.json|\.well-known|contexts|healthz|desk\/evidence)|\/did\.json$/;

/** Looks at one page of each kind that links lead to; gives the kinds. */
async function walks(visitor, name) {
  const origin = visitor.registry.origin;
  const seen = new Set();
  const waiting = (name === "anybody" ? ["/", "/sign-up"] : ["/desk"]).map((path) => `${path}?lang=${visitor.language}`);
  while (waiting.length > 0) {
    const path = waiting.shift();
    const kind = pattern(new URL(path, origin).pathname);
    if (seen.has(kind)) continue;
    seen.add(kind);
    const answer = await visitor.page.goto(new URL(path, origin).href);
    assert.ok([200, 403].includes(answer.status()), `${path} answers ${answer.status()}`);
    await visitor.look(`${name.split("@")[0]}${kind.replaceAll("/", "-").replaceAll("*", "x")}`);
    const links = await visitor.page.locator("a[href]:not([download])").evaluateAll((all) => all.map((link) => link.href));
    for (const link of links.map((link) => new URL(link))) {
      link.hash = "";
      link.searchParams.set("lang", visitor.language);
      const isOurs = link.origin === origin && !NO_PAGE.test(link.pathname) && (name === "anybody" || /^\/desk\b/.test(link.pathname));
      if (isOurs && !seen.has(pattern(link.pathname))) waiting.push(link.pathname + link.search);
    }
  }
  return seen;
}

describe("every page that links lead to", () => {
  let browser, registry;
  before(async () => { [browser, registry] = await Promise.all([launch(), demo()]); });
  after(() => Promise.all([browser?.close(), registry?.stop()]));

  for (const how of [{ language: "en", size: PHONE }, { language: "ja", size: DESK }]) {
    for (const [name, expected] of Object.entries(PEOPLE)) {
      test(`can be read and used by everybody: ${name}, ${how.language}`, async () => {
        const visitor = name === "anybody"
          ? await Visitor.arrives(browser, registry, how)
          : await Visitor.signsIn(browser, registry, name, how);
        const seen = await walks(visitor, name);
        assert.deepEqual(expected.filter((kind) => !seen.has(kind)), [], `not among ${[...seen].join(" ")}`);
        await visitor.context.close();
      });
    }
  }
});
