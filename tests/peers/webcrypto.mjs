// `jose` expects Web Cryptography as a global, which Node.js has by itself from version 20 on; Debian 12
// brings version 18.
import {webcrypto} from 'node:crypto';

globalThis.crypto ??= webcrypto;
globalThis.CryptoKey ??= webcrypto.CryptoKey;
