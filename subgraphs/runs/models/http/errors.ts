import { isRecord } from "@soma/schemas/json";
import { type ErrorCode, toSomaError } from "@soma/shared/errors";
import { ModelError, parseRetryAfter, type Quote, type Spent } from "../model-error.ts";
import { placeOf } from "./address.ts";
import { LostRequest } from "./connect-watch.ts";
import { errorText, readSome } from "./error-text.ts";

/** Characters of the server's own message that are passed on. */
const MESSAGE_LENGTH = 300;
/** Bytes of an error body that are read. */
const BODY_BYTES = 64_000;
/** How long its end is waited for; the status says enough. */
const BODY_MS = 3_000;
/** Statuses of a server that is too busy or away: they say nothing about the request, and are waited out. */
const AWAY = new Set([429, 502, 503, 504, 520, 521, 522, 523, 524, 529, 530]);
/** Statuses below 500 after which the same request may succeed. */
const PASSING = new Set([408, 409, 425]);

/** Those by which a server says that it does not know what it is asked. */
const NEVER = new Set([501, 505]);
/** Those of what stands before a model that may have answered, and be paid for it. */
const UNKNOWN = new Set([504, 524]);

/** A response that is not an answer. */
export interface Refusal {
  status: number;
  /** Where it was asked, without the query. */
  address: string;
  /** The message of the server; nothing when it is a page for people. */
  said: string;
  /** All it says, with what stands beside the message: judged and never told. */
  whole: string;
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
  const body = await readSome(limited, BODY_BYTES);
  const json = parse(body);
  const isPage = /^\s*</.test(body);
  return {
    status,
    address: placeOf(base),
    said: isPage ? "" : (errorText(json) ?? body),
    whole: isPage ? "" : isRecord(json) ? JSON.stringify(json, withoutEchoes) : body,
    code: codeIn(json),
    isJson: isRecord(json),
    isPage,
    location: headers.get("location"),
    retryAfter: headers.get("retry-after"),
  };
}

/** Fields in which servers repeat what they were asked: its words say nothing of what is wrong. */
const ECHOES: ReadonlySet<string> = new Set(["input", "messages", "prompt", "body", "request"]);

function withoutEchoes(key: string, value: unknown): unknown {
  return ECHOES.has(key) ? undefined : value;
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
 * The error of a response that is not an answer: UPSTREAM_UNAVAILABLE when the server is too busy, broken or away, else
 * MODEL_REFUSED.
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
  const { code, isOfProfile } = judge(refusal);
  return new ModelError(code, `${who} answered HTTP ${status}${adviceOf(refusal)}${said === "" ? "" : `: ${said}`}`, {
    isOfProfile,
    retryAfterMs: code === "MODEL_REFUSED" ? null : parseRetryAfter(refusal.retryAfter, Date.now()),
    spent: UNKNOWN.has(status) ? { usage: null } : undefined,
  });
}

/** Where a redirect leads to, without the query that it may have taken along. */
function targetOf({ location, address }: Refusal): string {
  if (location === null || !URL.canParse(location, address)) return "another address";
  return placeOf(new URL(location, address).href);
}

/**
 * What no waiting mends, although the status may say "too many requests"; a limit of each minute is told in words like
 * billing, too.
 */
const SPENT_CODE = /quota_exceeded|exceeded_current_quota|billing/i;
const SPENT = /insufficient[_ ](?:quota|balance|credit|funds)|credit balance is too low|out of credits/i;
/** What others tell by the statuses 401 and 404. */
const WRONG_KEY = /(?:invalid|incorrect)[_ ]api[_ ]key|api[_ ]key[_ ](?:is )?(?:not valid|invalid)/i;
const NO_MODEL =
  /model[_ ]not[_ ](?:exist|found)|(?:invalid|unknown|no such) model|model\b.{0,100}\b(?:does not exist|not found)/i;

/** What some say in a code and not in words. */
const TOO_LONG = /context_length|context_size/i;

type Said = Pick<Refusal, "status" | "code" | "said" | "whole">;

/** What a refusal is about: an account, a key or a model, a server that is away or broken, or the request itself. */
function subjectOf({ status, code, said, whole }: Said): "ACCOUNT" | "KEY" | "MODEL" | "AWAY" | "SERVER" | "REQUEST" {
  const words = `${code} ${said}`;
  if (status === 402 || (status < 500 && (SPENT.test(whole) || SPENT.test(words) || SPENT_CODE.test(code))))
    return "ACCOUNT";
  if (AWAY.has(status)) return "AWAY";
  if (NEVER.has(status)) return "MODEL";
  if (status >= 500 || PASSING.has(status)) return "SERVER";
  if (status === 401 || status === 403 || WRONG_KEY.test(words)) return "KEY";
  return status === 404 || status === 405 || NO_MODEL.test(words) ? "MODEL" : "REQUEST";
}

/**
 * How a refusal counts. A key, an account, a model there is not: another profile has its own. A server that breaks before
 * it answers is away, and waited for; one that breaks in its answer may break of what it is asked.
 */
export function judge(said: Said, { inAnswer = false } = {}): { code: ErrorCode; isOfProfile: boolean } {
  const subject = subjectOf(said);
  if (subject === "AWAY" || (subject === "SERVER" && !inAnswer))
    return { code: "UPSTREAM_UNAVAILABLE", isOfProfile: false };
  return subject === "SERVER"
    ? { code: "MODEL_FAILED", isOfProfile: false }
    : { code: "MODEL_REFUSED", isOfProfile: subject !== "REQUEST" };
}

function adviceOf(refusal: Refusal): string {
  const subject = subjectOf(refusal);
  if (subject === "KEY") return " (check the key of the model profile)";
  if (subject === "MODEL") return ` at ${refusal.address} (check baseUrl and model of the model profile)`;
  if (subject === "ACCOUNT") return " (what the account may spend is spent)";
  return TOO_LONG.test(refusal.code) ? " (the prompt is too long for the context window of the model)" : "";
}

/**
 * Anything thrown while asking, with the model named; MODEL_FAILED unless it says better itself, or the server cannot
 * be reached, or was lost with what it was asked. `address` is where it was looked for, `spent` what the server had begun to answer.
 */
export function toCallError(who: string, address: string, error: unknown, spent: Spent | undefined): ModelError {
  if (error instanceof ModelError && error.message.startsWith(who)) return error;
  const known = toSomaError(error);
  if (known.code !== "INTERNAL") {
    const isOfProfile = error instanceof ModelError && error.isOfProfile;
    return new ModelError(known.code, `${who}: ${known.message}`, { cause: error, isOfProfile, spent });
  }
  if (error instanceof LostRequest)
    return new ModelError(
      "UPSTREAM_UNAVAILABLE",
      `${who} broke the connection before it answered (${causeOf(error.cause)})`,
      { cause: error, spent: { usage: null } },
    );
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
