#!/usr/bin/env node
import {readFile} from 'node:fs/promises';
import {run} from './command.mjs';
import {verifyDataIntegrity} from './data-integrity.mjs';
import {assertIssuedBy} from './did.mjs';

await run('check-di.mjs', async (file, didDocument) => {
  const credential = JSON.parse(await readFile(file, 'utf8'));
  await verifyDataIntegrity(credential, didDocument);
  assertIssuedBy(credential, didDocument);
});
