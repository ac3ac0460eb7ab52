/**
 * Shapes of keys and tokens, whole or masked in part: provider keys, bearer tokens, JWTs. As everywhere below, what begins
 * to match either matches or fails before the next one may begin: the time grows with the text, whoever wrote it.
 */
const SECRETS = [
  /\b(?:sk|pk|rk|key|gsk|xai|ghp|gho|glpat|xox[abp])[-_][\w*.-]{6,}/g,
  /\beyJ[\w-]{4,}(?:\.[\w-]*){0,2}/g,
  /\bbearer\s+[\w.~+/=-]{8,}/gi,
  /\bAKIA[0-9A-Z]{12,}\b/g,
];
/** Values of what is named like a secret, however long the rest of its name is; that rest is not looked at. */
const NAMED =
  /((?:password|passwd|secret|token|api[-_]?key|authorization)["']?\s*[:=]\s*)("[^"]*"|'[^']*'|(?:(?:bearer|basic)\s+)?[^\s,;}]+)/gi;
/** User and password of an address, which reach to its last @. */
const USER_INFO = /:\/\/[^\s/]+@/g;

/** A text without what looks like a secret: each is replaced by `[redacted]`. */
export function redact(text: string): string {
  const named = text.replace(USER_INFO, "://[redacted]@").replace(NAMED, "$1[redacted]");
  return SECRETS.reduce((rest, shape) => rest.replace(shape, "[redacted]"), named);
}
