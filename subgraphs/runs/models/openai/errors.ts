import { type ErrorCode, toSomaError } from "@soma/shared/errors";
import { readText } from "@soma/shared/read-text";
import { ModelError, parseRetryAfter, type Quote } from "../model-error.ts";
import { errorText } from "./wire.ts";

/** Characters of the server's own message that are passed on. */
const MESSAGE_LENGTH = 300;
/** Bytes of an error body that are read. */
const BODY_BYTES = 64_000;
/** How long its end is waited for; the status says enough. */
const BODY_MS = 3_000;
/** Statuses of a server that is too busy or away: they say nothing about the request, and are waited out. */
const AWAY = new Set([429, 502, 503, 504]);
/** Statuses below 500 after which the same request may succeed. */
const PASSING = new Set([408, 409, 425]);

/**
 * The error of a response that is not an answer: UPSTREAM_UNAVAILABLE when the server is too busy or away, MODEL_FAILED where
 * trying again may help, else MODEL_REFUSED.
 */
export async function toResponseError(who: string, response: Response, quote: Quote): Promise<ModelError> {
  const { status } = response;
  if (status >= 300 && status < 400) {
    await response.body?.cancel();
    const target = quote(response.headers.get("location") ?? "another address", MESSAGE_LENGTH);
    return new ModelError(
      "MODEL_REFUSED",
      `${who} redirects to ${target} (HTTP ${status}); set baseUrl to the final address`,
    );
  }
  const said = quote(await messageOf(response), MESSAGE_LENGTH);
  const code = codeOf(status);
  return new ModelError(code, `${who} answered HTTP ${status}${adviceOf(status)}${said === "" ? "" : `: ${said}`}`, {
    retryAfterMs: code === "MODEL_REFUSED" ? null : parseRetryAfter(response.headers.get("retry-after"), Date.now()),
  });
}

function codeOf(status: number): ErrorCode {
  if (AWAY.has(status)) return "UPSTREAM_UNAVAILABLE";
  return status >= 500 || PASSING.has(status) ? "MODEL_FAILED" : "MODEL_REFUSED";
}

function adviceOf(status: number): string {
  if (status === 401 || status === 403) return " (check the key of the model profile)";
  if (status === 404) return " (check baseUrl and model of the model profile)";
  return "";
}

/** What the server says in its body; the body itself when it is not JSON, and nothing when it is a page for people. */
async function messageOf(response: Response): Promise<string> {
  const limited = response.body?.pipeThrough(new TransformStream(), { signal: AbortSignal.timeout(BODY_MS) }) ?? null;
  const body = await readText(limited, BODY_BYTES, "the error").catch(() => undefined);
  if (body === undefined || /^\s*</.test(body)) return "";
  try {
    return errorText(JSON.parse(body)) ?? body;
  } catch {
    return body;
  }
}

/**
 * Anything thrown while asking, with the model named; MODEL_FAILED unless it says better itself, or the server cannot be
 * reached. `address` is where it was looked for.
 */
export function toCallError(who: string, address: string, error: unknown, started: boolean): ModelError {
  if (error instanceof ModelError && error.message.startsWith(who)) return error;
  const known = toSomaError(error);
  if (known.code !== "INTERNAL") return new ModelError(known.code, `${who}: ${known.message}`, { cause: error });
  const reason = causeOf(error);
  if (started)
    return new ModelError("MODEL_FAILED", `the connection to ${who} broke in the middle of the answer (${reason})`, {
      cause: error,
    });
  return new ModelError("UPSTREAM_UNAVAILABLE", `${who} cannot be reached at ${address} (${reason})`, { cause: error });
}

/** `fetch` hides what happened in the cause: its code (ECONNREFUSED, ENOTFOUND, ...) says it shortest. */
function causeOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (inner instanceof Error && "code" in inner && typeof inner.code === "string") return inner.code;
  return inner instanceof Error ? inner.message : String(inner);
}
