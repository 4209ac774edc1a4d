// A vc+jwt (VC-JOSE-COSE), checked with `jose`.
import './webcrypto.mjs';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {compactVerify, decodeProtectedHeader, importJWK} from 'jose';
import {assertIssuedBy, assertionMethod} from './did.mjs';

const REGISTERED_CLAIMS = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'];

/** Verifies a compact JWS and returns the credential that is its payload. */
export async function verifyJwt(jwt, didDocument) {
  const {alg, kid, typ} = decodeProtectedHeader(jwt);
  if(typ !== 'vc+jwt') {
    throw new Error(`typ is ${typ}, not vc+jwt`);
  }
  if(typeof kid !== 'string') {
    throw new Error('the header names no key (kid)');
  }
  const {payload} = await verifyWith(assertionMethod(didDocument, kid), jwt, alg);
  // JOSE readers take the key as a JWK, which Akashi lists beside the Multikey that `kid` names.
  if(didDocument.assertionMethod.includes(`${kid}-jwk`)) {
    await verifyWith(assertionMethod(didDocument, `${kid}-jwk`), jwt, alg);
  }
  const credential = JSON.parse(new TextDecoder('utf-8', {fatal: true}).decode(payload));
  assertIssuedBy(credential, didDocument);
  for(const claim of REGISTERED_CLAIMS) {
    if(claim in credential) {
      throw new Error(`the payload carries, beside the credential's own members, the JWT claim ${claim}`);
    }
  }
  return credential;
}

async function verifyWith(method, jwt, alg) {
  const key = await importJWK(await publicJwk(method), alg);
  return compactVerify(jwt, key, {algorithms: ['EdDSA', 'Ed25519']});
}

async function publicJwk({publicKeyJwk, publicKeyMultibase, id}) {
  if(publicKeyJwk) {
    return publicKeyJwk;
  }
  const key = await Ed25519Multikey.from({type: 'Multikey', id, publicKeyMultibase});
  return Ed25519Multikey.toJwk({keyPair: key});
}
