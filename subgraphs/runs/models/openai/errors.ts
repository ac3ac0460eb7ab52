import { toSomaError } from "@soma/shared/errors";
import { readText } from "@soma/shared/read-text";
import { ModelError, parseRetryAfter, type Quote } from "../model-error.ts";
import { errorText } from "./wire.ts";

/** Characters of the server's own message that are passed on. */
const MESSAGE_LENGTH = 300;
/** Bytes of an error body that are read. */
const BODY_BYTES = 64_000;
/** How long its end is waited for; the status says enough. */
const BODY_MS = 3_000;
/** Statuses below 500 after which the same request may succeed. */
const PASSING = new Set([408, 409, 425, 429]);

/** The error of a response that is not an answer: MODEL_FAILED where trying again may help, else MODEL_REFUSED. */
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
  const failed = status >= 500 || PASSING.has(status);
  return new ModelError(
    failed ? "MODEL_FAILED" : "MODEL_REFUSED",
    `${who} answered HTTP ${status}${adviceOf(status)}${said === "" ? "" : `: ${said}`}`,
    {
      retryAfterMs: failed ? parseRetryAfter(response.headers.get("retry-after"), Date.now()) : null,
    },
  );
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

/** Anything thrown while asking, with the model named; MODEL_FAILED unless it says better itself. `address` is where the server was looked for. */
export function toCallError(who: string, address: string, error: unknown, started: boolean): ModelError {
  if (error instanceof ModelError && error.message.startsWith(who)) return error;
  const known = toSomaError(error);
  if (known.code !== "INTERNAL") return new ModelError(known.code, `${who}: ${known.message}`, { cause: error });
  const reason = causeOf(error);
  if (started)
    return new ModelError("MODEL_FAILED", `the connection to ${who} broke in the middle of the answer (${reason})`, {
      cause: error,
    });
  return new ModelError("MODEL_FAILED", `${who} cannot be reached at ${address} (${reason})`, { cause: error });
}

/** `fetch` hides what happened in the cause: its code (ECONNREFUSED, ENOTFOUND, ...) says it shortest. */
function causeOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (inner instanceof Error && "code" in inner && typeof inner.code === "string") return inner.code;
  return inner instanceof Error ? inner.message : String(inner);
}
