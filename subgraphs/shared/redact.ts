/** Shapes of keys and tokens, whole or masked in part: provider keys, bearer tokens, JWTs, key=value pairs of secrets. */
const SECRETS = [
  /\b(?:sk|pk|rk|key|gsk|xai|ghp|gho|glpat|xox[abp])[-_][\w*.-]{6,}/g,
  /\beyJ[\w-]{4,}\.[\w-]+(?:\.[\w-]*)?/g,
  /\bbearer\s+[\w.~+/=-]{8,}/gi,
  /\bAKIA[0-9A-Z]{12,}\b/g,
];
const NAMED =
  /\b([\w-]{0,40}(?:password|passwd|secret|token|api[-_]?key|authorization)["']?\s*[:=]\s*)("[^"]*"|'[^']*'|(?:(?:bearer|basic)\s+)?[^\s,;}]+)/gi;
/** User and password of an address. */
const USER_INFO = /\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/@]+@/gi;

/** A text without what looks like a secret: each is replaced by `[redacted]`. */
export function redact(text: string): string {
  const named = text.replace(USER_INFO, "$1[redacted]@").replace(NAMED, "$1[redacted]");
  return SECRETS.reduce((rest, shape) => rest.replace(shape, "[redacted]"), named);
}
