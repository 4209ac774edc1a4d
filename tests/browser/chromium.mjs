// A Chromium of its own for a test file, and what its pages must never do.

import assert from "node:assert/strict";

import { chromium } from "playwright-core";

export const launch = () =>
  chromium.launch({
    executablePath: process.env.AKASHI_TEST_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });

/** A page whose errors, violations of its policy and requests are written down. */
export async function watched(context) {
  const page = await context.newPage();
  const faults = [];
  const requests = [];
  page.on("console", (message) => {
    const isOurs = !message.text().endsWith("blocked by Playwright");
    if (isOurs && ["error", "warning"].includes(message.type())) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  // What a worker asks for is reported by the context alone.
  context.on("request", (request) => requests.push(request));
  return { page, faults, requests };
}

/** Nothing was sent but plain GETs without a body, and all to one origin. */
export function assertNothingSent(requests, origin) {
  for (const request of requests) {
    assert.equal(request.method(), "GET", request.url());
    assert.equal(request.postData(), null, request.url());
    assert.equal(new URL(request.url()).origin, origin, request.url());
  }
}
