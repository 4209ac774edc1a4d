#!/usr/bin/env node
import {readFile} from 'node:fs/promises';
import {run} from './command.mjs';
import {verifyJwt} from './jwt.mjs';

await run('check-jwt.mjs', async (file, didDocument) => {
  await verifyJwt((await readFile(file, 'utf8')).trim(), didDocument);
});
