#!/usr/bin/env python3
"""A second verifier of Akashi's credentials, to hold the first one to its word.

Written from DESIGN.md and the specifications, not from the Rust code: whoever wants to know how a credential is checked can
read this page from top to bottom. It is slow, remembers nothing between two runs, and is for tests alone.
"""
import argparse
import base64
import binascii
import datetime
import hashlib
import json
import re
import sys
import time
import zlib

import jwt
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

# The verdicts; of several that apply, the first wins.
VERDICTS = """malformed unverified unknown_issuer bad_signature key_not_valid not_authorised unknown_programme not_logged superseded
revoked suspended not_yet_valid expired status_unknown stale_status policy_not_met valid""".split()
PURPOSES = {"refresh": "superseded", "revocation": "revoked", "suspension": "suspended"}
VC, UNTP = "https://www.w3.org/ns/credentials/v2", "https://vocabulary.uncefact.org/untp/0.7.0/context/"
MAX_CREDENTIAL, MAX_LIST, MAX_DEPTH, MAX_EXACT = 1 << 20, 1 << 20, 64, 2**53 - 1
MAX_LOG_PROOF, MAX_PATH, MAX_SIGNATURES = 1 << 18, 64, 64
EPOCH, MINUTE, DAY = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc), 60 * 10**9, 86_400 * 10**9
LAST_SECOND = 253_402_207_200  # 9999-12-30T22:00:00Z: a zone may be up to 26 hours ahead.


class Fault(Exception):
    """Something is not as it must be; its argument is the reason's code."""


def need(holds, reason):
    if not holds:
        raise Fault(reason)


# --- Bytes: every encoding has one spelling, or two readers could read two things ---------------------------------------------


def read_json(data):
    """JSON as I-JSON (RFC 7493) has it: no member twice, no integer that a double rounds, not too deep."""
    def members(pairs):
        # Names that are none to some readers, which take what stands behind them for JSON.
        need(not any(name.startswith("$serde_json::private::") for name, _ in pairs), "invalid_json")
        need(len(dict(pairs)) == len(pairs), "duplicate_member")
        return dict(pairs)

    def double(digits):
        value = float(digits)
        need(abs(value) != float("inf"), "invalid_json")
        # Between the two RFC 8785 writes a double as an integer, which may have been another before it was rounded.
        need(not MAX_EXACT < abs(value) < 1e21, "inexact_number")
        return value

    def integer(digits):
        return int(digits) if abs(float(digits)) <= MAX_EXACT else double(digits)

    def constant(_name):  # NaN and Infinity are Python's, not JSON's.
        raise Fault("invalid_json")

    def depth(value):
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
        return 0 if inner is None else 1 + max(map(depth, inner), default=0)

    try:
        value = json.loads(data.decode(), object_pairs_hook=members, parse_int=integer, parse_float=double, parse_constant=constant)
        need(depth(value) <= MAX_DEPTH, "too_deep")
        json.dumps(value, ensure_ascii=False).encode()  # Fails on half a surrogate pair.
    except RecursionError:
        raise Fault("too_deep") from None
    except ValueError:
        raise Fault("invalid_json") from None
    return value


def is_number(text, bits):
    """A decimal number that so many bits hold, in its one spelling."""
    return isinstance(text, str) and re.fullmatch(r"0|[1-9]\d{0,19}", text, re.A) is not None and int(text) < 1 << bits


def base64_of(text, reason, altchars=b"-_", padded=False):
    """Base64 in its one spelling: no blanks, no surplus bits; padding only where the format has it (RFC 4648 §3.5)."""
    try:
        data = base64.b64decode(text + ("" if padded else "=" * (-len(text) % 4)), altchars, validate=True)
        again = base64.b64encode(data, altchars).decode()
    except (ValueError, binascii.Error):
        raise Fault(reason) from None
    need((again if padded else again.rstrip("=")) == text, reason)
    return data


def base58_of(text, length, reason):
    """Multibase base58btc of so many bytes."""
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    need(isinstance(text, str) and text[:1] == "z" and len(text) < 3 * length and set(text[1:]) <= set(alphabet), reason)
    number, digits = 0, text[1:]
    for digit in digits:
        number = number * 58 + alphabet.index(digit)
    zeros = len(digits) - len(digits.lstrip("1"))
    data = bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
    need(len(data) == length, reason)
    return data


def time_of(text):
    """An instant, in nanoseconds since 1970: RFC 3339, with Z or an offset, as far as it lies in the years 0001 to 9999 of every zone."""
    shape = r"(\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))"
    found = isinstance(text, str) and re.fullmatch(shape, text, re.A)
    need(found, "invalid_member")
    try:
        second = datetime.datetime.fromisoformat(found[1] + found[3])
    except ValueError:
        raise Fault("invalid_member") from None
    seconds = (second - EPOCH) // datetime.timedelta(seconds=1)
    need(seconds <= LAST_SECOND, "invalid_member")
    return seconds * 10**9 + int((found[2] or "").ljust(9, "0"))


def is_time(text):
    try:
        return time_of(text) is not None
    except Fault:
        return False


# --- Ed25519, strictly: one signature of a key and message at most ------------------------------------------------------------

# The heights of the eight points of small order; what lies at one of them, by either sign, is no key and no R.
SMALL_ORDER = {int.from_bytes(bytes.fromhex(height), "little") for height in (
    "01" + "00" * 31, "ec" + "ff" * 30 + "7f", "00" * 32,
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
)}


def height(point):
    return int.from_bytes(point, "little") & 2**255 - 1


def is_key(key):
    """Whether bytes are a point, in its one spelling and not of small order (RFC 8032 §5.1.3): x² = (y² - 1) / (dy² + 1) is a square."""
    y, p = height(key), 2**255 - 19
    d = -121665 * pow(121666, -1, p)
    square = (y * y - 1) * pow(d * y * y + 1, -1, p)
    return len(key) == 32 and y < p and y not in SMALL_ORDER and pow(square, (p - 1) // 2, p) == 1


def is_signed(key, message, signature):
    """OpenSSL refuses S from the order on and an R in another spelling; points of small order and keys in another spelling it takes."""
    if len(signature) != 64 or not is_key(key) or height(signature[:32]) in SMALL_ORDER:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return False


def is_signed_jws(key, jws, algorithm):
    """By PyJWT, which knows the algorithm by its older name; the strict rules beside it."""
    message, signature = jws.rsplit(".", 1)
    if not is_signed(key, message.encode(), base64_of(signature, "invalid_jwt")):
        return False
    if algorithm != "EdDSA":
        return True
    try:
        jwt.PyJWS().decode(jws, Ed25519PublicKey.from_public_bytes(key), algorithms=["EdDSA"])
        return True
    except jwt.PyJWTError:
        return False


def multikey(text):
    data = base58_of(text, 34, "unreadable")
    need(data[:2] == b"\xed\x01" and is_key(data[2:]), "unreadable")
    return data[2:]


# --- How a document is secured ------------------------------------------------------------------------------------------------


class Secured:
    """A document, the key that it says signed it, and how to check that; nothing of it is believed yet."""

    def __init__(self, value):
        need(isinstance(value, (dict, str)), "not_a_credential")
        self.created = None
        self.from_jws(value) if isinstance(value, str) else self.from_proof(dict(value))
        issuer, fragment = self.issuer, self.key_id.removeprefix(self.issuer)
        is_of_issuer = self.key_id.startswith(issuer) and re.fullmatch(r"#[^#]+", fragment, re.S)
        need(is_of_issuer and issuer.startswith("did:") and not set(issuer) & set("#?"), "key_not_of_issuer")

    def take_issuer(self):
        issuer = self.document.get("issuer")
        issuer = issuer.get("id") if isinstance(issuer, dict) else issuer
        need(isinstance(issuer, str) and issuer, "invalid_member")
        self.issuer = issuer

    def from_proof(self, document):
        """eddsa-jcs-2022 (W3C vc-di-eddsa §3.3)."""
        need("proof" in document, "proof_missing")
        proof = document.pop("proof")
        self.document = document
        need(isinstance(proof, dict), "other_proof")
        need(isinstance(proof.get("type"), str), "invalid_proof")
        need((proof["type"], proof.get("cryptosuite")) == ("DataIntegrityProof", "eddsa-jcs-2022"), "other_proof")
        need(proof.get("proofPurpose") == "assertionMethod", "invalid_proof")
        need(not {"expires", "domain", "challenge", "previousProof"} & set(proof), "invalid_proof")
        # Equal, not only a beginning: what the proof does not name would be unsigned.
        need("@context" not in proof or proof["@context"] == document.get("@context"), "proof_context_differs")
        self.take_issuer()
        self.key_id = proof.get("verificationMethod")
        need(isinstance(self.key_id, str), "invalid_proof")
        if "created" in proof:
            need(is_time(proof["created"]), "invalid_proof")
            self.created = time_of(proof["created"])
        signature = base58_of(proof.get("proofValue"), 64, "invalid_proof")
        config = {name: value for name, value in proof.items() if name != "proofValue"}
        payload = rfc8785.dumps(document)
        message = hashlib.sha256(rfc8785.dumps(config)).digest() + hashlib.sha256(payload).digest()
        self.payload_digest = hashlib.sha256(payload).hexdigest()
        self.is_signed_by = lambda key: is_signed(key, message, signature)

    def from_jws(self, jws):
        """vc+jwt (W3C VC-JOSE-COSE §3.1.1): the payload's bytes are signed as they stand."""
        parts = jws.split(".")
        need(len(parts) == 3, "not_a_credential")
        header = read_json(base64_of(parts[0], "invalid_jwt"))
        need(isinstance(header, dict), "not_a_credential")
        need(isinstance(header.get("alg"), str), "invalid_jwt_header")
        need(header["alg"] in ("EdDSA", "Ed25519"), "other_algorithm")
        need(header.get("typ") == "vc+jwt", "other_jwt_type")
        need(header.get("cty", "vc") == "vc" and set(header) <= {"alg", "typ", "cty", "kid"}, "invalid_jwt_header")
        self.key_id = header.get("kid")
        need(isinstance(self.key_id, str), "invalid_jwt_header")
        payload = base64_of(parts[1], "invalid_jwt")
        self.document = read_json(payload)
        need(isinstance(self.document, dict), "not_a_credential")
        self.take_issuer()
        need(not {"vc", "vp", "proof", "exp", "nbf", "iat"} & set(self.document) and self.document.get("iss", self.issuer) == self.issuer, "forbidden_claim")
        need(len(base64_of(parts[2], "invalid_jwt")) == 64, "invalid_jwt")
        self.payload_digest = hashlib.sha256(payload).hexdigest()
        self.is_signed_by = lambda key: is_signed_jws(key, jws, header["alg"])


def presented(data):
    """A file: JSON with a proof, a JWT, a string that holds one, or an object with a credential and its log proof."""
    need(len(data) <= MAX_CREDENTIAL, "too_large")
    # A byte order mark, as Windows writes it, is passed over (RFC 8259 §8.1).
    data = data.removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n")
    need(data[:1] in (b"{", b'"', b"e"), "not_a_credential")
    if data[:1] == b"e":
        return Secured(data.decode(errors="replace")), None
    value, log_proof = read_json(data), None
    if isinstance(value, dict) and "credential" in value:
        need(set(value) <= {"credential", "log_proof"}, "not_a_credential")
        value, log_proof = value["credential"], value.get("log_proof")
        need(log_proof is None or isinstance(log_proof, str), "not_a_credential")
    return Secured(value), log_proof


# --- What a credential must have in it (DESIGN: Forms) ------------------------------------------------------------------------


def matches(pattern):
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value, re.A | re.S) is not None


def is_whole(value):
    """0, 1, 2 …, also where it is written as 1.0."""
    return type(value) in (int, float) and 0 <= value <= MAX_EXACT and value == int(value)


is_purpose, is_digest = matches("|".join(PURPOSES)), matches("[0-9a-f]{64}")

# What is judged or told. What is not, is as the body signed it.
CREDENTIAL = {
    "id": str, "validFrom": is_time, "validUntil": is_time,
    "credentialStatus": [{
        "type": matches("BitstringStatusListEntry"), "statusPurpose": is_purpose, "statusListIndex": lambda text: is_number(text, 32),
        "statusListCredential": str,
    }],
    "credentialSubject": {
        "id": matches(r"((?!/certificates/).)*/certificates/[^/]+"), "issuedToParty": {"name": str}, "profileScore": {"code": str},
        "referenceProfile": {"id": matches(r"((?!/programmes/).)*/programmes/[^/]+/[^/]+")}, "programmeDigest": is_digest,
    },
}


def fits(value, shape):
    """Whether a value has a shape."""
    if isinstance(shape, type):
        return isinstance(value, shape)
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(item, shape[0]) for item in value)
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(fits(value.get(name), inner) for name, inner in shape.items())
    return bool(shape(value))


def items(value):
    return value if isinstance(value, list) else []


def member(value, name):
    return value.get(name) if isinstance(value, dict) else None


def check_credential(secured):
    document = secured.document
    context, types = document.get("@context"), document.get("type")
    is_ours = isinstance(context, list) and context[:2] == [VC, UNTP] and len(context) == 3
    is_ours = is_ours and isinstance(context[2], str) and context[2].endswith("/contexts/akashi/v1")
    need(is_ours and isinstance(types, list), "other_credential")
    need("DigitalConformityCredential" in types and "VerifiableCredential" in types, "other_credential")
    need(fits(document, CREDENTIAL), "invalid_member")
    purposes = [entry["statusPurpose"] for entry in document["credentialStatus"]]
    need(len(set(purposes)) == len(purposes), "invalid_member")
    need(secured.created in (None, time_of(document["validFrom"])), "signing_time_differs")


# --- Root and bundle ----------------------------------------------------------------------------------------------------------


def manifest(path):
    """What is signed, and a function that counts the keys whose signature it bears."""
    with open(path, "rb") as file:
        envelope = read_json(file.read())
    message = rfc8785.dumps(envelope["signed"])

    # Of several that are said to be one key's, the first.
    first = {entry["keyid"]: entry["sig"] for entry in reversed(envelope["signatures"])}

    def good(keys):
        given = [(key, first.get(hashlib.sha256(key).hexdigest())) for key in keys]
        return sum(sig is not None and is_signed(key, message, base58_of(sig, 64, "unreadable")) for key, sig in given)
    return envelope["signed"], good


def open_trust(root_path, bundle_path):
    root, signed_root = manifest(root_path)
    keys = [multikey(text) for text in root["root_keys"]]
    need(0 < root["threshold"] <= len(set(keys)) == len(keys), "root_threshold")
    need(signed_root(keys) >= root["threshold"], "root_under_signed")
    bundle, signed_bundle = manifest(bundle_path)
    need(signed_bundle([multikey(root["bundle_key"])]) == 1, "bundle_wrongly_signed")
    need(bundle["root_version"] == root["version"], "bundle_of_other_root")
    need(time_of(bundle["as_of"]) <= time_of(root["expires"]), "root_expired")
    return bundle


def find(items, **wanted):
    return next((item for item in items if all(item[name] == value for name, value in wanted.items())), None)


def in_force(window, at):
    return time_of(window["from"]) <= at and (window["until"] is None or at < time_of(window["until"]))


# --- Status lists (W3C Bitstring Status List 1.0) -----------------------------------------------------------------------------


LIST = {
    "@context": [str], "type": [str], "id": str, "issuer": str, "validFrom": is_time,
    "credentialSubject": {"id": str, "encodedList": str, "ttl": lambda ttl: ttl is None or is_whole(ttl)},
}


def open_list(bundle, list_id):
    """The issuer, purpose and bits of a list of the bundle."""
    entry = find(bundle["status_lists"], id=list_id)
    need(entry, "list_not_in_bundle")
    try:
        signed = Secured(entry["credential"])
    except Fault:
        raise Fault("list_malformed") from None
    types, subject = signed.document.get("type"), signed.document.get("credentialSubject")
    need(isinstance(types, list) and "BitstringStatusListCredential" in types, "list_of_other_type")
    need(isinstance(subject, dict) and subject.get("type") == "BitstringStatusList", "list_of_other_type")
    size, as_of = subject.get("statusSize", 1), bundle["as_of"]
    need(is_whole(size) and size == 1, "list_status_size")
    need(is_purpose(subject.get("statusPurpose")), "list_of_other_purpose")
    begins, ends = signed.document.get("validFrom"), signed.document.get("validUntil", as_of)
    need(fits(signed.document, LIST) and is_time(ends), "list_malformed")
    need(signed.document["id"] == list_id, "list_of_other_id")
    body = find(bundle["bodies"], did=signed.issuer)
    key = body and find(body["keys"], id=signed.key_id)
    need(key and signed.is_signed_by(multikey(key["public"])), "list_signature_invalid")
    need(key["compromised_from"] is None and in_force(key, time_of(begins)), "list_key_not_valid")
    need(time_of(begins) <= time_of(as_of), "list_not_yet_valid")
    need(time_of(as_of) <= time_of(ends), "list_expired")
    bits = inflate(subject["encodedList"])
    need(entry["purpose"] == subject["statusPurpose"], "list_of_other_purpose")
    return signed.issuer, subject["statusPurpose"], bits


def inflate(encoded):
    need(encoded[:1] == "u", "list_not_multibase")
    packed, gzip = base64_of(encoded[1:], "list_not_multibase"), zlib.decompressobj(wbits=31)
    # A checksum of the header (RFC 1952 §2.3.1, FHCRC) some readers compare and some step over.
    need(len(packed) > 3 and not packed[3] & 2, "list_not_gzip")
    try:
        bits = gzip.decompress(packed, MAX_LIST + 1)
    except zlib.error:
        raise Fault("list_not_gzip") from None
    need(len(bits) <= MAX_LIST, "list_too_large")
    need(gzip.eof and not gzip.unused_data, "list_not_gzip")
    need(len(bits) * 8 >= 131_072, "list_too_short")
    return bits


def check_status(bundle, credential, issuer, purpose):
    """Passes when the bit is not set; the first bit of a byte is its most significant."""
    entry = find(credential["credentialStatus"], statusPurpose=purpose)
    need(entry, "status_entry_missing")
    list_issuer, list_purpose, bits = open_list(bundle, entry["statusListCredential"])
    need(list_issuer == issuer, "list_of_other_issuer")
    need(list_purpose == purpose, "list_of_other_purpose")
    byte, bit = divmod(int(entry["statusListIndex"]), 8)
    need(byte < len(bits), "index_out_of_range")
    need(not bits[byte] & 0x80 >> bit, f"{purpose}_bit_set")


# --- The transparency log (C2SP tlog-proof, signed-note, tlog-checkpoint, tlog-policy; RFC 6962) ------------------------------


ENTRY = {
    "v": lambda version: type(version) is int and version == 1, "kind": matches("credential"), "at": is_time, "payload_sha256": is_digest,
    "number": str, "issuer": str, "holder_digest": is_digest,
}
NAME = r"((?:[^\s+]|[\x1c-\x1f])+)"  # Without a plus sign and Unicode's blanks; Python takes four characters more for blanks.


def logs_of(policy):
    """The names, key ids and keys of the logs; only a policy without witnesses is followed."""
    lines = [re.findall(r"[^ \t\f\r]+", line) for line in policy.split("\n")]
    lines = [words for words in lines if words and not words[0].startswith("#")]
    logs = [words for words in lines if words[0] == "log"]
    need([words for words in lines if words[0] != "log"] == [["quorum", "none"]] and logs, "log_policy_unusable")
    need(all(len(words) in (2, 3) for words in logs), "log_policy_unusable")  # A URL may follow the key.
    return [log_of(words[1]) for words in logs]


def log_of(vkey):
    """A log's name, key id and key: NAME+ID+KEY, the key behind a byte for Ed25519 (C2SP signed-note)."""
    found = re.fullmatch(NAME + r"\+([0-9A-Fa-f]{8})\+(.*)", vkey)
    need(found, "log_policy_unusable")
    name, key = found[1], base64_of(found[3], "log_policy_unusable", b"+/", True)
    key_id = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    need(key[:1] == b"\1" and is_key(key[1:]) and bytes.fromhex(found[2]) == key_id, "log_policy_unusable")
    return name, key_id, key[1:]


def read_log_proof(text):
    """The entry, its number in the log, the hashes from it up, and the checkpoint (C2SP tlog-proof)."""
    head, between, checkpoint = text.partition("\n\n")
    found = re.fullmatch(rf"c2sp\.org/tlog-proof@v1\nextra (.*)\nindex (.*)((?:\n.*){{0,{MAX_PATH}}})", head)
    need(between and found and len(text.encode()) <= MAX_LOG_PROOF and is_number(found[2], 64), "log_proof_malformed")
    entry, *hashes = [base64_of(line, "log_proof_malformed", b"+/", True) for line in [found[1], *found[3].split("\n")[1:]]]
    need(all(len(sibling) == 32 for sibling in hashes), "log_proof_malformed")
    return entry, int(found[2]), hashes, checkpoint


def read_note(text):
    """The body of a signed note, and of each signature the signer's name and the bytes, which the key id begins (C2SP signed-note)."""
    body, between, signatures = text.rpartition("\n\n")
    need(between and signatures.endswith("\n"), "checkpoint_not_signed")
    # By control characters two readers could see two notes.
    need(not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text), "checkpoint_not_signed")
    lines = [re.fullmatch(f"\u2014 {NAME} (.*)", line) for line in signatures[:-1].split("\n")]
    need(all(lines) and len(lines) <= MAX_SIGNATURES, "checkpoint_not_signed")
    signed = [(line[1], base64_of(line[2], "checkpoint_not_signed", b"+/", True)) for line in lines]
    need(all(len(raw) >= 4 for _, raw in signed), "checkpoint_not_signed")
    return body + "\n", signed


def check_log(bundle, proof, credential, secured):
    need(proof is not None, "log_proof_missing")
    entry, node, hashes, checkpoint = read_log_proof(proof)
    logs = logs_of(bundle["tlog_policy"])
    body, signed = read_note(checkpoint)
    found = re.fullmatch(r"(.+)\n(.+)\n(.+)\n(?:.+\n)*", body)
    need(found and is_number(found[2], 64), "checkpoint_not_signed")
    origin, size, root = found[1], int(found[2]), base64_of(found[3], "checkpoint_not_signed", b"+/", True)
    # Of the signatures that are said to be a key's the first counts.
    first = lambda log, key_id: next((raw[4:] for name, raw in signed if name == log and raw[:4] == key_id), b"")
    is_signed_by_log = any(log == origin and is_signed(key, body.encode(), first(log, key_id)) for log, key_id, key in logs)
    need(is_signed_by_log and len(root) == 32, "checkpoint_not_signed")

    # RFC 9162 §2.1.3.2.
    last, running = size - 1, hashlib.sha256(b"\0" + entry).digest()
    need(node <= last, "entry_not_included")
    for sibling in hashes:
        need(last > 0, "entry_not_included")
        if node & 1 or node == last:
            running = hashlib.sha256(b"\1" + sibling + running).digest()
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            running = hashlib.sha256(b"\1" + running + sibling).digest()
        node, last = node >> 1, last >> 1
    need(last == 0 and running == root, "entry_not_included")

    # Believed only now, because its hash leads to what the log signed.
    try:
        entry = read_json(entry)
        need(fits(entry, ENTRY) and set(entry) == set(ENTRY), "entry_of_another")
    except Fault:
        raise Fault("entry_of_another") from None
    number = credential["credentialSubject"]["id"].split("/certificates/", 1)[1]
    need((entry["payload_sha256"], entry["number"], entry["issuer"]) == (secured.payload_digest, number, secured.issuer), "entry_of_another")


# --- The whole check ----------------------------------------------------------------------------------------------------------


def verify(data, bundle, asked, now, unverified=None):
    """The verdict and its reason, `-` when it is valid. Without a bundle `unverified` says why there is none."""
    failed = []

    def check(verdict, test, *arguments):
        try:
            test(*arguments)
        except Fault as fault:
            reason = str(fault)
            bit_set = reason.endswith("_bit_set") and PURPOSES[reason.removesuffix("_bit_set")]
            failed.append((bit_set or verdict, reason))
        return not failed

    def read():
        nonlocal secured, log_proof
        secured, log_proof = presented(data)
        check_credential(secured)

    secured = log_proof = body = key = None
    if check("malformed", read) and check("unverified", need, bundle is not None, unverified):
        body = find(bundle["bodies"], did=secured.issuer)
        key = body and find(body["keys"], id=secured.key_id)
        if check("unknown_issuer", need, body, "issuer_not_in_bundle") and check("unknown_issuer", need, key, "key_not_in_bundle"):
            if check("bad_signature", need, secured.is_signed_by(multikey(key["public"])), "signature_invalid"):
                check_authentic(check, secured, body, key, bundle, asked, now, log_proof)
    return min(failed, key=lambda failure: VERDICTS.index(failure[0]), default=("valid", "-"))


def check_authentic(check, secured, body, key, bundle, asked, now, log_proof):
    """Every check on a credential whose signature is its issuer's."""
    credential, subject = secured.document, secured.document["credentialSubject"]
    begins, ends = time_of(credential["validFrom"]), time_of(credential["validUntil"])
    programme, version = subject["referenceProfile"]["id"].split("/programmes/", 1)[1].split("/")
    check("key_not_valid", need, key["compromised_from"] is None, "key_compromised")
    if key["compromised_from"] is None:
        check("key_not_valid", need, begins >= time_of(key["from"]), "key_not_yet_valid")
        check("key_not_valid", need, key["until"] is None or begins < time_of(key["until"]), "key_retired")
    windows = [window for window in body["authorisations"] if window["programme"] == programme]
    reason = "authorisation_not_in_force" if windows else "no_authorisation"
    check("not_authorised", need, any(in_force(window, begins) for window in windows), reason)
    known = find(bundle["programmes"], id=programme, version=version)
    reason = "programme_digest_differs" if known else "programme_not_in_bundle"
    check("unknown_programme", need, known and known["digest"] == subject["programmeDigest"], reason)
    if asked.require_log:
        check("not_logged", check_log, bundle, log_proof, credential, secured)
    for purpose in PURPOSES:
        check("status_unknown", check_status, bundle, credential, secured.issuer, purpose)
    at = now if asked.at is None else asked.at
    check("not_yet_valid", need, begins <= at, "before_valid_from")
    check("expired", need, at <= ends, "after_valid_until")

    age = now - time_of(bundle["as_of"])
    limit = DAY * (7 if asked.max_status_age is None else asked.max_status_age)
    check("stale_status", need, age >= -5 * MINUTE, "status_from_future")
    is_past = asked.max_status_age is None and now > time_of(bundle["expires"])
    check("stale_status", need, age <= limit and not is_past, "status_too_old")

    level, levels = subject["profileScore"]["code"], (known or {}).get("levels", [])
    assessed = [each for part in items(subject.get("conformityAssessment")) for each in items(member(part, "assessedFacility"))]
    facilities = [member(member(each, "facility"), "id") for each in assessed]
    wanted = (asked.facility, f"/facilities/{asked.facility}")
    covered = any(isinstance(each, str) and (each == wanted[0] or each.endswith(wanted[1])) for each in facilities)
    check("policy_not_met", need, asked.programme in (None, programme), "other_programme")
    check("policy_not_met", need, asked.facility is None or covered, "facility_not_covered")
    if asked.min_level not in (None, level):
        if check("policy_not_met", need, level in levels and asked.min_level in levels, "level_unknown"):
            check("policy_not_met", need, levels.index(level) < levels.index(asked.min_level), "level_too_low")


def options(arguments):
    parser = argparse.ArgumentParser(description="A second verifier, for tests: the same options as akashi-verify.")
    parser.add_argument("files", nargs="+", metavar="FILE")
    for name in ("--trust", "--root", "--min-level", "--programme", "--facility"):
        parser.add_argument(name)
    parser.add_argument("--at", type=time_of)
    parser.add_argument("--max-status-age", type=int, metavar="DAYS")
    parser.add_argument("--require-log", action="store_true")
    return parser.parse_args(arguments)


def main():
    asked = options(sys.argv[1:])
    unverified = "root_not_pinned" if asked.trust else "bundle_missing"
    try:
        bundle = open_trust(asked.root, asked.trust) if asked.root and asked.trust else None
    except (Fault, KeyError, TypeError) as fault:
        sys.exit(f"akashi_verify.py: {fault!r}")
    now, all_valid = time.time_ns(), True
    for path in asked.files:
        with open(path, "rb") as file:
            verdict, reason = verify(file.read(), bundle, asked, now, unverified)
        print(path, verdict, reason, sep="\t")
        all_valid = all_valid and verdict == "valid"
    sys.exit(0 if all_valid else 1)


if __name__ == "__main__":
    main()
