import type { ModelUsage } from "@soma/sdk/model-client";
import { type ErrorCode, SomaError } from "@soma/shared/errors";

/** Longest wait a server may ask for that is passed on, in milliseconds: one hour. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/** What a call used that failed after its server had begun to answer, or may have: what the server says, or null. */
export interface Spent {
  usage: ModelUsage | null;
}

/** A model that failed or refused, and the wait the server asked for before the next try, if it named one. */
export class ModelError extends SomaError {
  readonly retryAfterMs: number | null;
  /** It is about the profile (its key, account, address or model) and says nothing of the request. */
  readonly isOfProfile: boolean;
  /** Undefined where nothing came of the call. */
  readonly spent: Spent | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number | null; isOfProfile?: boolean; spent?: Spent | undefined } = {},
  ) {
    super(code, message, { cause: options.cause });
    this.name = "ModelError";
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.isOfProfile = options.isOfProfile ?? false;
    this.spent = options.spent;
  }
}

/** Whoever took the profile away may put it back: the run waits until then, where everybody sees it. */
export function vanished(profile: string): SomaError {
  return new SomaError(
    "UPSTREAM_UNAVAILABLE",
    `model profile "${profile}" is not in models.yaml; put it there, or cancel the run`,
  );
}

/** Codes of what may go well with another model: this one is busy, away, slow or broken. */
const OF_SERVER: ReadonlySet<string> = new Set(["UPSTREAM_UNAVAILABLE", "UNAVAILABLE", "MODEL_FAILED", "TIMEOUT"]);

/** Whether another profile may give the answer that this one did not; not where the request itself was refused. */
export function mayAnotherAnswer(error: SomaError): boolean {
  return OF_SERVER.has(error.code) || (error instanceof ModelError && error.isOfProfile);
}

/** The milliseconds of a Retry-After header (seconds or an HTTP date), at most an hour; null when it holds neither. */
export function parseRetryAfter(header: string | null, now: number): number | null {
  if (header === null) return null;
  const value = header.trim();
  const ms = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? null : Math.min(Math.max(0, Math.ceil(ms)), MAX_RETRY_AFTER_MS);
}

/** Text from a server as an error message may show it: one line, at most `maxLength` characters, without the key. */
export type Quote = (text: string, maxLength: number) => string;

/** Shapes of keys, whole or masked in part, as servers like to repeat them in their errors. */
const KEY_SHAPES = /\b(?:(?:sk|pk|rk|gsk|xai)[-_]|key[-_](?=[\w.-]*[\d*]))[\w*.-]{6,}/g;

/**
 * A key that is shorter is a placeholder, such as "none" or "ollama", for servers that want any; its letters are in
 * words.
 */
const MIN_KEY_LENGTH = 8;

/** Longer ones that people give to servers which want any; their words are in messages too. */
const PLACEHOLDERS = new Set([
  ...["anything", "changeme", "dummy-key", "lm-studio", "no-key-required", "not-needed", "placeholder", "test-key"],
]);

/**
 * A key as servers write it in what they repeat: as it is, in an address, in JSON, and in base64, whatever stands
 * before it.
 */
function writingsOf(key: string): string[] {
  if (key.length < MIN_KEY_LENGTH || PLACEHOLDERS.has(key.toLowerCase())) return [];
  const encoded = [0, 1, 2].map((before) => {
    const bytes = Buffer.from(`${"\0".repeat(before)}${key}`);
    // Letters at both ends also hold bits of what stands beside the key.
    return bytes.toString("base64").slice(Math.ceil((before * 4) / 3), Math.floor((bytes.length * 4) / 3));
  });
  const safe = encoded.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"));
  return [...new Set([key, encodeURIComponent(key), JSON.stringify(key).slice(1, -1), ...encoded, ...safe])];
}

/** Takes the key out before clipping, because half a key is a secret too. */
export function createQuote(...keys: (string | undefined)[]): Quote {
  const secrets = keys.flatMap((key = "") => writingsOf(key));
  return (text, maxLength) => {
    const known = secrets.reduce((all, secret) => all.replaceAll(secret, "[key]"), text);
    const line = known
      .replace(KEY_SHAPES, "[key]")
      .replaceAll(/[\s\p{Cc}]+/gu, " ")
      .trim()
      .toWellFormed();
    return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1).toWellFormed()}…`;
  };
}
