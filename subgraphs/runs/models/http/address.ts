/** Hosts of this machine, of a home or office, and of the networks of containers; nobody has a certificate for them. */
const NEAR = new RegExp(
  [
    String.raw`^(?:localhost|0\.0\.0\.0|127\.|10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.)`,
    String.raw`^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.`,
    String.raw`^\[(?:::1?|::ffff:[^\]]*|f[cd][0-9a-f]{2}:[^\]]*|fe[89ab][0-9a-f]:[^\]]*)\]`,
    "^[^.:/[]+(?:[:/]|$)",
    String.raw`^[^/:]*\.(?:local|localhost|lan|home|internal|home\.arpa)(?:[:/]|$)`,
  ].join("|"),
  "i",
);
const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;
/** What people paste: the address of one operation instead of what they have in common. */
const OPERATION = /\/(?:chat\/completions|completions|models|responses|embeddings)\/*$/;

/**
 * An address as a person wrote it, with its scheme, and without the operation it may end in. What is no address stays
 * as it is.
 */
export function repairAddress(written: string): string {
  const text = written.trim();
  if (text === "") return text;
  const whole = SCHEME.test(text) ? text : `${NEAR.test(text) ? "http" : "https"}://${text}`;
  if (!URL.canParse(whole)) return written;
  const url = new URL(whole);
  url.pathname = url.pathname.replace(OPERATION, "");
  return url.href.replace(/\/+$/, "");
}

/** The address of an operation, with the query of the base address. */
export function operationAt(baseUrl: string, operation: string): string {
  const url = new URL(baseUrl);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}${operation}`;
  return url.href;
}

/** Where the operations may be: as was written, and below /v1 where no version was. */
export function basesOf(baseUrl: string): string[] {
  if (/\/v\d|\/openai\b|\/deployments\//.test(new URL(baseUrl).pathname)) return [baseUrl];
  return [baseUrl, operationAt(baseUrl, "/v1")];
}

/** An address as people read it, without the query, which may hold a key. */
export function placeOf(baseUrl: string): string {
  const { origin, pathname } = new URL(baseUrl);
  return `${origin}${pathname.replace(/\/+$/, "")}`;
}
