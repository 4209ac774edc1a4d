import {loadDidDocument} from './did.mjs';

/** Runs a check as a command: prints `ok` (exit 0) or the reason (exit 1), or how to call it (exit 2). */
export async function run(name, check) {
  const [file, did] = process.argv.slice(2);
  if(!file || !did) {
    console.error(`usage: ${name} FILE DID_JSON    (DID_JSON: a file or an http://localhost URL)`);
    process.exitCode = 2;
    return;
  }
  try {
    await check(file, await loadDidDocument(did));
    console.log('ok');
  } catch(error) {
    console.log(`refused: ${error.message}`);
    process.exitCode = 1;
  }
}
