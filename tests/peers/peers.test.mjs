// The checks themselves are checked: on a published vector, and on credentials made here.
import './webcrypto.mjs';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {existsSync} from 'node:fs';
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {createServer} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {createSignCryptosuite} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {CompactSign, exportJWK, generateKeyPair, importJWK} from 'jose';
import jsigs from 'jsonld-signatures';
import {verifyDataIntegrity} from './data-integrity.mjs';
import {loadDidDocument} from './did.mjs';
import {verifyJwt} from './jwt.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const did = 'did:web:registry.example:bodies:example-body';

const credential = {
  '@context': ['https://www.w3.org/ns/credentials/v2'],
  id: 'https://registry.example/credentials/1',
  type: ['VerifiableCredential'],
  issuer: {id: did, name: 'Example Body'},
  validFrom: '2026-04-01T00:00:00Z',
  credentialSubject: {id: 'https://registry.example/certificates/1', name: '例示製作所'}
};

/** A key of the body, and the DID document that publishes it as Multikey or as JWK. */
async function body({as = 'Multikey'} = {}) {
  const {privateKey} = await generateKeyPair('EdDSA', {extractable: true});
  const jwk = await exportJWK(privateKey);
  const key = await Ed25519Multikey.fromJwk({jwk, secretKey: true, controller: did});
  const {d: _, ...publicKeyJwk} = jwk;
  const method = as === 'Multikey' ?
    {id: key.id, type: 'Multikey', controller: did, publicKeyMultibase: key.publicKeyMultibase} :
    {id: key.id, type: 'JsonWebKey', controller: did, publicKeyJwk};
  const didDocument = {
    '@context': ['https://www.w3.org/ns/cid/v1'],
    id: did,
    verificationMethod: [method],
    assertionMethod: [key.id]
  };
  return {key, jwk, didDocument};
}

async function signJwt({key, jwk}, payload = credential, header = {}) {
  return new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
    .setProtectedHeader({alg: 'EdDSA', kid: key.id, typ: 'vc+jwt', ...header})
    .sign(await importJWK(jwk, 'EdDSA'));
}

async function signEmbedded({key}, payload = credential) {
  return jsigs.sign(structuredClone(payload), {
    suite: new DataIntegrityProof({
      signer: key.signer(), date: '2026-04-01T00:00:00Z', cryptosuite: createSignCryptosuite()
    }),
    purpose: new jsigs.purposes.AssertionProofPurpose(),
    documentLoader: async url => assert.fail(`asked for ${url}`)
  });
}

describe('a vc+jwt', () => {
  for(const as of ['Multikey', 'JsonWebKey']) {
    test(`is accepted when its key is published as ${as}`, async () => {
      const signer = await body({as});
      assert.deepEqual(await verifyJwt(await signJwt(signer), signer.didDocument), credential);
    });
  }

  test('is accepted with the algorithm named Ed25519 (RFC 9864)', async () => {
    const signer = await body();
    await verifyJwt(await signJwt(signer, credential, {alg: 'Ed25519'}), signer.didDocument);
  });

  test('is refused when one bit of the payload changed', async () => {
    const signer = await body();
    const [header, payload, signature] = (await signJwt(signer)).split('.');
    const bytes = Buffer.from(payload, 'base64url');
    bytes[bytes.length - 3] ^= 1;
    const altered = [header, bytes.toString('base64url'), signature].join('.');
    await assert.rejects(verifyJwt(altered, signer.didDocument), /signature verification failed/);
  });

  test('is refused when another key signed it', async () => {
    const [signer, other] = [await body(), await body()];
    const jwt = await signJwt({key: signer.key, jwk: other.jwk});
    await assert.rejects(verifyJwt(jwt, signer.didDocument), /signature verification failed/);
  });

  test('is refused when the body does not list its key for assertions', async () => {
    const signer = await body();
    const didDocument = {...signer.didDocument, assertionMethod: []};
    await assert.rejects(verifyJwt(await signJwt(signer), didDocument), /not listed/);
  });

  test('is refused when the issuer is not the body', async () => {
    const signer = await body();
    const jwt = await signJwt(signer, {...credential, issuer: 'did:web:other.example'});
    await assert.rejects(verifyJwt(jwt, signer.didDocument), /the issuer is did:web:other.example/);
  });

  test('is refused with another typ, or with JWT claims beside the credential', async () => {
    const signer = await body();
    await assert.rejects(
      verifyJwt(await signJwt(signer, credential, {typ: 'JWT'}), signer.didDocument), /typ is JWT/);
    await assert.rejects(
      verifyJwt(await signJwt(signer, {...credential, iss: did}), signer.didDocument), /claim iss/);
  });
});

describe('an embedded proof', () => {
  for(const as of ['Multikey', 'JsonWebKey']) {
    test(`is accepted when its key is published as ${as}`, async () => {
      const signer = await body({as});
      await verifyDataIntegrity(await signEmbedded(signer), signer.didDocument);
    });
  }

  test('is refused when the document changed', async () => {
    const signer = await body();
    const signed = await signEmbedded(signer);
    signed.credentialSubject.name = '例示製作';
    await assert.rejects(verifyDataIntegrity(signed, signer.didDocument), /Invalid signature/);
  });

  test('is refused when the proof changed', async () => {
    const signer = await body();
    const signed = await signEmbedded(signer);
    signed.proof.created = '2026-04-02T00:00:00Z';
    await assert.rejects(verifyDataIntegrity(signed, signer.didDocument), /Invalid signature/);
  });

  test('is refused when the body does not list its key for assertions', async () => {
    const signer = await body();
    const didDocument = {...signer.didDocument, assertionMethod: []};
    await assert.rejects(verifyDataIntegrity(await signEmbedded(signer), didDocument), /not listed/);
  });

  test('is refused when there is none', async () => {
    const {didDocument} = await body();
    await assert.rejects(verifyDataIntegrity(credential, didDocument), /No matching proofs/);
  });
});

describe('the published eddsa-jcs-2022 vector', async () => {
  const shared = process.env.AKASHI_SHARED ?? join(here, '../../../shared');
  const folder = join(shared, 'vectors/vc-di-eddsa');
  const missing = !existsSync(folder);
  assert.ok(!(missing && process.env.CI), `${folder} is missing`);
  const options = {skip: missing && `SKIPPED: ${folder} is missing`};

  async function vector() {
    const read = async name => JSON.parse(await readFile(join(folder, name), 'utf8'));
    const {publicKeyMultibase} = await read('keyPair.json');
    const id = `did:key:${publicKeyMultibase}`;
    const method = {
      id: `${id}#${publicKeyMultibase}`, type: 'Multikey', controller: id, publicKeyMultibase
    };
    return {
      signed: await read('eddsa-jcs-2022/signedJCS.json'),
      didDocument: {id, verificationMethod: [method], assertionMethod: [method.id]}
    };
  }

  test('is accepted', options, async () => {
    const {signed, didDocument} = await vector();
    await verifyDataIntegrity(signed, didDocument);
  });

  test('is refused when altered', options, async () => {
    const {signed, didDocument} = await vector();
    signed.name += '.';
    await assert.rejects(verifyDataIntegrity(signed, didDocument), /Invalid signature/);
  });
});

describe('the commands', () => {
  let folder;
  before(async () => { folder = await mkdtemp(join(tmpdir(), 'akashi-peers-')); });
  after(() => rm(folder, {recursive: true}));

  const call = (command, ...args) => new Promise(resolve => {
    execFile(process.execPath, [join(here, command), ...args], (error, stdout) =>
      resolve({exit: error?.code ?? 0, said: stdout.trim()}));
  });

  test('print ok, or the reason, and exit accordingly', async () => {
    const signer = await body();
    const file = async (name, text) => {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    };
    const didJson = await file('did.json', JSON.stringify(signer.didDocument));
    const jwt = await file('credential.jwt', `${await signJwt(signer)}\n`);
    const embedded = await file('credential.json', JSON.stringify(await signEmbedded(signer)));

    assert.deepEqual(await call('check-jwt.mjs', jwt, didJson), {exit: 0, said: 'ok'});
    assert.deepEqual(await call('check-di.mjs', embedded, didJson), {exit: 0, said: 'ok'});
    const wrongForm = await call('check-di.mjs', jwt, didJson);
    assert.equal(wrongForm.exit, 1);
    assert.match(wrongForm.said, /^refused: /);
    assert.equal((await call('check-jwt.mjs', jwt)).exit, 2);
  });

  test('fetch a did.json from this machine only', async () => {
    const {didDocument} = await body();
    const server = createServer((_, answer) => answer.end(JSON.stringify(didDocument)));
    await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://localhost:${server.address().port}/bodies/example-body/did.json`;
      assert.deepEqual(await loadDidDocument(url), didDocument);
    } finally {
      server.close();
    }
    await assert.rejects(loadDidDocument('https://registry.example/did.json'), /not on this machine/);
  });
});
