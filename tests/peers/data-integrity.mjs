// An embedded eddsa-jcs-2022 proof (VC Data Integrity EdDSA), checked with Digital Bazaar's libraries.
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {createVerifyCryptosuite} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import jsigs from 'jsonld-signatures';
import {assertionMethod} from './did.mjs';

const {purposes: {AssertionProofPurpose}} = jsigs;

/** Verifies every proof of a secured document, of which there must be at least one. */
export async function verifyDataIntegrity(document, didDocument) {
  const {verified, error, results = []} = await jsigs.verify(document, {
    suite: new DataIntegrityProof({cryptosuite: createVerifyCryptosuite()}),
    purpose: new AssertionProofPurpose({controller: didDocument}),
    // JCS expands no JSON-LD, so the one thing ever asked for is the proof's verification method.
    documentLoader: async url => ({
      contextUrl: null,
      documentUrl: url,
      document: assertionMethod(didDocument, url)
    })
  });
  const errors = error?.errors ?? results.flatMap(result => result.error ?? []);
  if(!verified || errors.length > 0) {
    throw new Error(errors.map(({message}) => message).join('; '));
  }
}
