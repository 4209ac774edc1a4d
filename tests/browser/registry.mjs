// A registry of fictional companies for a test file: `akashi demo`, on either engine.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const AKASHI = process.env.AKASHI_BIN ?? fileURLToPath(new URL("../../target/release/akashi", import.meta.url));

const WITH_POSTGRES = fileURLToPath(new URL("../with-postgres", import.meta.url));

/** Whether there is a PostgreSQL to run on; where there is none, a test says so and skips, but never in CI. */
export const hasPostgres = Boolean(process.env.AKASHI_TEST_POSTGRES ?? process.env.CI) || existsSync("/usr/lib/postgresql");

/** Runs the demo, its arguments those of this script, on an empty database of the server that `with-postgres` gives. */
const ON_POSTGRES = `
  name=desk_$$
  psql "$AKASHI_TEST_POSTGRES" -qc "CREATE DATABASE $name"
  url=$(node -e 'const url = new URL(process.argv[1]); url.pathname = process.argv[2]; console.log(url.href)' "$AKASHI_TEST_POSTGRES" "/$name")
  exec "$0" "$@" --database "$url"`;

/** Starts the demo; gives where it serves, the password of all its people, and how to end it. */
export async function demo(engine = "sqlite") {
  const options = { stdio: ["ignore", "pipe", "inherit"], detached: true };
  const registry = engine === "postgres"
    ? spawn(WITH_POSTGRES, ["sh", "-ec", ON_POSTGRES, AKASHI, "demo", "--port", "0"], options)
    : spawn(AKASHI, ["demo", "--port", "0"], options);
  const [origin, password] = await new Promise((resolve, reject) => {
    let said = "";
    registry.stdout.setEncoding("utf8").on("data", (text) => {
      said += text;
      const ready = said.match(/goes on serving at (http:\S+)[^]*Password of all of them[^:]*: (\S+)/);
      if (ready) resolve(ready.slice(1));
    });
    registry.once("exit", () => reject(new Error(`the registry ended:\n${said}`)));
    registry.on("error", reject);
  });
  // Ended in good order, it removes its folder; it leads a group, in which its database ends with it.
  const stop = () => {
    if (registry.exitCode === null && registry.signalCode === null) process.kill(-registry.pid, "SIGINT");
  };
  process.once("exit", stop);
  return { origin, password, stop };
}
