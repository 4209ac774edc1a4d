// The files that the Rust test `corpus` wrote, with what it says of each.

import { readFile } from "node:fs/promises";

const folder = new URL("./corpus/", import.meta.url);

export const file = (name) => readFile(new URL(name, folder));
export const text = async (name) => (await file(name)).toString();
export const cases = JSON.parse(await text("cases.json"));
