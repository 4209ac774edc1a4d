/** A file: its bytes, or its text. */
export type Input = string | Uint8Array | ArrayBuffer;

/** A moment: a `Date`, or RFC 3339 as in `2026-11-25T12:00:00Z`. */
export type Moment = Date | string;

/**
 * Loads the WebAssembly. Load it once; what it gives may be used as often as you like, and needs no network from then on.
 *
 * @param source Where the WebAssembly is, when it is not beside this module: an address, a response, bytes or a compiled module.
 */
export function load(
  source?: string | URL | Request | Response | BufferSource | WebAssembly.Module | Promise<Response>,
): Promise<Verifier>;

/** The verifier, loaded. */
export interface Verifier {
  /**
   * Reads a root and a trust bundle, and checks both. That it is the right root is for you to know: keep the one that you
   * fetched over a way you trust.
   *
   * A bundle past its `expires` opens: how old a status may be is for {@link Options.maxStatusAgeDays} to say.
   *
   * @param root The root manifest, from the registry's `/.well-known/akashi/root`, or {@link FollowedRoot.manifests}.
   * @param bundle The trust bundle, from `/.well-known/akashi/trust-bundle`.
   * @param seen {@link Trust.seen} of the last time, so that an older root or bundle is refused.
   * @throws {TrustError} Nothing may then be verified.
   * @throws {TypeError} `seen` is damaged: to leave it out is to notice nothing older.
   */
  open(root: Input, bundle: Input, seen?: string): Trust;

  /**
   * Goes on from the root that you kept to the registry's newest, when enough keys of each root signed the next one (The
   * Update Framework, 5.3). What is not vouched for so, is older, or is another root of a version that is known, is refused.
   *
   * @param root The root that you kept: its manifest, or {@link FollowedRoot.manifests}.
   * @param newest The registry's `/.well-known/akashi/root`.
   * @param between Fetches a root that came between the two, from `/.well-known/akashi/root/{version}`; undefined where there is none.
   * @throws {TrustError} Go on with the root that you kept.
   */
  follow(root: Input, newest: Input, between: (version: number) => Promise<Input | undefined>): Promise<FollowedRoot>;

  /** The largest credential that is read, in bytes; a larger one is `malformed`. */
  readonly maxCredentialBytes: number;
}

/** A root, signed by enough of its own keys. */
export interface Root {
  /** Its name for pinning: the SHA-256 of the RFC 8785 form of its `signed`, in hexadecimal. */
  readonly digest: string;
  /** The digest of the root that it was followed from, step by step; its own when it was not followed from another. */
  readonly first: string;
  /** Counts up from 1. */
  readonly version: number;
  /** No bundle made later is accepted under it (RFC 3339). */
  readonly expires: string;
}

/** A root that was followed to. */
export interface FollowedRoot extends Root {
  /** The manifests from the first root to this one, as text. Keep it in the place of the root that you kept. */
  readonly manifests: string;
}

/** A root and a bundle that were checked against each other. */
export interface Trust {
  /** The root. */
  readonly root: Root;

  /** The bundle: `as_of` is when it was made, the time of which it tells the status. */
  readonly bundle: { readonly version: number; readonly as_of: string; readonly expires: string };

  /** What is known to have been published, of every registry that was opened. Keep it, as it is, for the next `open`. */
  readonly seen: string;

  /**
   * Checks one credential: JSON with a proof, or a JWT. Gives a report on any bytes.
   *
   * @throws {TypeError} An option that is not known, or cannot be read.
   */
  verify(credential: Input, options?: Options): Report;

  /** Gives its memory back. What is no longer referred to gives it back by itself, some time. */
  free(): void;
}

/** What is asked of a credential; by default nothing beyond a good credential of recent status. */
export interface Options {
  /** The present, at which the age of the status is measured; by default what the machine's clock says. */
  now?: Moment;
  /** The time at which the credential must be valid; by default `now`. The status stays that of the bundle. */
  at?: Moment;
  /** How old the status may be, in whole days; by default 7, and not past the bundle's own `expires`. */
  maxStatusAgeDays?: number;
  /** The lowest level accepted, by its id. */
  minLevel?: string;
  /** The programme that it must be for, by its id. */
  programme?: string;
  /** A facility that it must cover: its whole URI, or the UUID at the URI's end. */
  facility?: string;
  /** Whether it must be shown to stand in the transparency log. */
  requireLog?: boolean;
  /** The C2SP tlog-proof of the credential, which is then required. */
  logProof?: string;
}

/** The answer on one credential. Only the verdict `valid` is a yes. */
export interface Report {
  /** The first verdict that applies. */
  verdict: Verdict;
  /** Every check, in the same order in every report. */
  checks: Check[];
  /** The certificate's number; null while the signature is not known to be good. */
  certificate: string | null;
  /** The holder's name; null likewise. */
  holder: string | null;
  /** The level's id; null likewise. */
  level: string | null;
  /** When the bundle, and so the status, was made (RFC 3339). */
  status_as_of: string | null;
}

/** One check and what it saw. */
export interface Check {
  name: CheckName;
  outcome: "passed" | "failed" | "not_checked";
  /** The stable code of why it failed or was not made; null when it passed. */
  reason: string | null;
  /** What it saw, by name: times in RFC 3339, ages in seconds. */
  facts: Record<string, unknown>;
}

/** The verdicts, in their order of precedence. */
export type Verdict =
  | "malformed"
  | "unverified"
  | "unknown_issuer"
  | "bad_signature"
  | "key_not_valid"
  | "not_authorised"
  | "unknown_programme"
  | "not_logged"
  | "superseded"
  | "revoked"
  | "suspended"
  | "not_yet_valid"
  | "expired"
  | "status_unknown"
  | "stale_status"
  | "policy_not_met"
  | "valid";

/** The checks, in the order of a report. */
export type CheckName =
  | "form"
  | "trust"
  | "rollback"
  | "issuer"
  | "signature"
  | "key"
  | "authorisation"
  | "programme"
  | "log"
  | "refresh"
  | "revocation"
  | "suspension"
  | "validity"
  | "status_age"
  | "policy";

/** Root and bundle give nothing to trust. */
export class TrustError extends Error {
  /** The stable code: `bundle_older`, `bundle_wrongly_signed`, `root_not_vouched_for` and others. */
  readonly code: string;
}
