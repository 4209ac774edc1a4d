// Where a body's keys come from: a did.json, read from a file or from a server on this machine.
import {readFile} from 'node:fs/promises';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Reads a JSON document from a file or a loopback URL; nothing here ever asks another machine. */
export async function loadDidDocument(source) {
  if(!/^https?:\/\//.test(source)) {
    return JSON.parse(await readFile(source, 'utf8'));
  }
  if(!LOOPBACK.has(new URL(source).hostname)) {
    throw new Error(`${source} is not on this machine`);
  }
  const answer = await fetch(source, {redirect: 'error'});
  if(!answer.ok) {
    throw new Error(`${source} answered ${answer.status}`);
  }
  return answer.json();
}

/**
 * The verification method with the absolute DID URL `id`, if the document lists it for assertions
 * (Controlled Identifiers 1.0, section 3.3).
 */
export function assertionMethod(didDocument, id) {
  const absolute = url => url.startsWith('#') ? didDocument.id + url : url;
  if(!id.startsWith(`${didDocument.id}#`)) {
    throw new Error(`the key ${id} is not one of ${didDocument.id}`);
  }
  const listed = (didDocument.assertionMethod ?? [])
    .map(entry => absolute(typeof entry === 'string' ? entry : entry.id));
  if(!listed.includes(id)) {
    throw new Error(`the key ${id} is not listed under assertionMethod`);
  }
  const method = [...(didDocument.verificationMethod ?? []), ...didDocument.assertionMethod]
    .find(entry => typeof entry === 'object' && absolute(entry.id) === id);
  if(!method) {
    throw new Error(`${didDocument.id} lists ${id} but does not describe it`);
  }
  if(method.controller !== didDocument.id) {
    throw new Error(`the key ${id} is controlled by ${method.controller}`);
  }
  return {...method, id};
}

/** Refuses a credential whose issuer is not the subject of the DID document (VCDM 2.0, section 4.7). */
export function assertIssuedBy(credential, didDocument) {
  const issuer = typeof credential.issuer === 'string' ? credential.issuer : credential.issuer?.id;
  if(issuer !== didDocument.id) {
    throw new Error(`the issuer is ${issuer}, the keys are those of ${didDocument.id}`);
  }
}
