import { isRecord } from "@soma/schemas/json";
import { type ErrorCode, toSomaError } from "@soma/shared/errors";
import { readText } from "@soma/shared/read-text";
import { ModelError, parseRetryAfter, type Quote, type Spent } from "../model-error.ts";
import { placeOf } from "./address.ts";
import { errorText } from "./error-text.ts";

/** Characters of the server's own message that are passed on. */
const MESSAGE_LENGTH = 300;
/** Bytes of an error body that are read. */
const BODY_BYTES = 64_000;
/** How long its end is waited for; the status says enough. */
const BODY_MS = 3_000;
/** Statuses of a server that is too busy or away: they say nothing about the request, and are waited out. */
const AWAY = new Set([429, 502, 503, 504, 529]);
/** Statuses by which a server refuses who asks, or for which model, and not what is asked; 429 is that of a spent account. */
const OF_PROFILE = new Set([401, 402, 403, 404, 405, 429]);
/** Statuses below 500 after which the same request may succeed. */
const PASSING = new Set([408, 409, 425]);

/** A response that is not an answer. */
export interface Refusal {
  status: number;
  /** Where it was asked, without the query. */
  address: string;
  /** What the server says; nothing when it is a page for people. */
  said: string;
  /** Its own words for what is wrong, such as insufficient_quota. */
  code: string;
  isJson: boolean;
  isPage: boolean;
  location: string | null;
  retryAfter: string | null;
}

/** Reads what a server says instead of an answer. */
export async function readRefusal(
  response: Pick<Response, "status" | "headers" | "body">,
  base: string,
): Promise<Refusal> {
  const { status, headers } = response;
  const limited = response.body?.pipeThrough(new TransformStream(), { signal: AbortSignal.timeout(BODY_MS) }) ?? null;
  const body = (await readText(limited, BODY_BYTES, "the error").catch(() => undefined)) ?? "";
  const json = parse(body);
  const isPage = /^\s*</.test(body);
  return {
    status,
    address: placeOf(base),
    said: isPage ? "" : (errorText(json) ?? body),
    code: codeIn(json),
    isJson: isRecord(json),
    isPage,
    location: headers.get("location"),
    retryAfter: headers.get("retry-after"),
  };
}

function parse(body: string): unknown {
  try {
    const json: unknown = JSON.parse(body);
    // Google answers with a list of one.
    return Array.isArray(json) && json.length === 1 ? json[0] : json;
  } catch {
    return undefined;
  }
}

function codeIn(body: unknown): string {
  const error = isRecord(body) ? (isRecord(body.error) ? body.error : body) : {};
  return [error.code, error.type].filter((part) => typeof part === "string").join(" ");
}

/**
 * The error of a response that is not an answer: UPSTREAM_UNAVAILABLE when the server is too busy or away, MODEL_FAILED where
 * trying again may help, else MODEL_REFUSED.
 */
export function toResponseError(who: string, refusal: Refusal, quote: Quote): ModelError {
  const { status, address, isPage } = refusal;
  if (status >= 300 && status < 400) {
    const target = quote(targetOf(refusal), MESSAGE_LENGTH);
    return new ModelError(
      "MODEL_REFUSED",
      `${who} redirects to ${target} (HTTP ${status}); set baseUrl to the final address`,
      { isOfProfile: true },
    );
  }
  if (status < 300 && isPage)
    return new ModelError(
      "MODEL_REFUSED",
      `${who}: what answers at ${address} is a web page, not a model; check baseUrl of the model profile`,
      { isOfProfile: true },
    );
  const said = quote(refusal.said, MESSAGE_LENGTH);
  const code = codeOf(refusal);
  return new ModelError(code, `${who} answered HTTP ${status}${adviceOf(refusal)}${said === "" ? "" : `: ${said}`}`, {
    // A key, an account, a model there is not: another profile has its own.
    isOfProfile: code === "MODEL_REFUSED" && OF_PROFILE.has(status),
    retryAfterMs: code === "MODEL_REFUSED" ? null : parseRetryAfter(refusal.retryAfter, Date.now()),
  });
}

/** Where a redirect leads to, without the query that it may have taken along. */
function targetOf({ location, address }: Refusal): string {
  if (location === null || !URL.canParse(location, address)) return "another address";
  return placeOf(new URL(location, address).href);
}

/** What no waiting mends, although the status says "too many requests". */
const SPENT = /insufficient_quota|insufficient_balance|billing/i;

/** What some say in a code and not in words. */
const TOO_LONG = /context_length|context_size/i;

function codeOf({ status, code }: Refusal): ErrorCode {
  if (status === 429 && SPENT.test(code)) return "MODEL_REFUSED";
  if (AWAY.has(status)) return "UPSTREAM_UNAVAILABLE";
  return status >= 500 || PASSING.has(status) ? "MODEL_FAILED" : "MODEL_REFUSED";
}

function adviceOf({ status, address, code }: Refusal): string {
  if (status === 401 || status === 403) return " (check the key of the model profile)";
  if (status === 404 || status === 405) return ` at ${address} (check baseUrl and model of the model profile)`;
  if (TOO_LONG.test(code)) return " (the prompt is too long for the context window of the model)";
  return status === 429 && SPENT.test(code) ? " (what the account may spend is spent)" : "";
}

/**
 * Anything thrown while asking, with the model named; MODEL_FAILED unless it says better itself, or the server cannot be
 * reached. `address` is where it was looked for, `spent` what the server had begun to answer.
 */
export function toCallError(who: string, address: string, error: unknown, spent: Spent | undefined): ModelError {
  if (error instanceof ModelError && error.message.startsWith(who)) return error;
  const known = toSomaError(error);
  if (known.code !== "INTERNAL") return new ModelError(known.code, `${who}: ${known.message}`, { cause: error, spent });
  const reason = causeOf(error);
  if (spent !== undefined)
    return new ModelError("MODEL_FAILED", `the connection to ${who} broke in the middle of the answer (${reason})`, {
      ...{ cause: error, spent },
    });
  return new ModelError("UPSTREAM_UNAVAILABLE", `${who} cannot be reached at ${address} (${reason})`, { cause: error });
}

/** `fetch` hides what happened in the cause: its code (ECONNREFUSED, ENOTFOUND, ...) says it shortest. */
function causeOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (inner instanceof Error && "code" in inner && typeof inner.code === "string") return inner.code;
  return inner instanceof Error ? inner.message : String(inner);
}
