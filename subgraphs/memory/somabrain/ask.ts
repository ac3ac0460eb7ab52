import { SomaError } from "@soma/shared/errors";
import { newId } from "@soma/shared/ids";
import { readText } from "@soma/shared/read-text";
import { traceHeaders } from "@soma/shared/telemetry";

/** Of what SomaBrain answers: fifty memories, and what it adds to each. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const MAX_RETRY_AFTER_MS = 120_000;

export interface AskOptions {
  method: "GET" | "POST";
  path: string;
  tenant: string;
  body?: object;
  /** Milliseconds until it is given up. */
  timeoutMs: number;
}

export interface Answer {
  status: number;
  /** Undefined when it was no JSON. */
  body: unknown;
  /** How long it asks to be left alone, at most two minutes. */
  retryAfterMs: number | undefined;
}

/** Asks SomaBrain once. Throws UNAVAILABLE or TIMEOUT when there is no answer; one that refuses is an answer. */
export type Ask = (options: AskOptions) => Promise<Answer>;

export function createAsk({ baseUrl, apiKey }: { baseUrl: string; apiKey: string }): Ask {
  const base = baseUrl.replace(/\/+$/, "");
  return async ({ method, path, tenant, body, timeoutMs }) => {
    const unreachable = (cause: unknown): SomaError =>
      cause instanceof Error && cause.name === "TimeoutError"
        ? new SomaError("TIMEOUT", `SomaBrain did not answer ${path} within ${timeoutMs} ms`, { cause })
        : new SomaError("UNAVAILABLE", `SomaBrain cannot be reached at ${path}`, { cause });
    const response = await fetch(`${base}${path}`, {
      method,
      redirect: "error",
      headers: {
        ...traceHeaders(),
        "x-tenant-id": tenant,
        "x-request-id": newId(),
        ...(apiKey === "" ? {} : { authorization: `Bearer ${apiKey}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((cause: unknown) => {
      throw unreachable(cause);
    });
    const text = await readText(response.body, MAX_ANSWER_BYTES, "an answer of SomaBrain").catch((cause: unknown) => {
      throw cause instanceof SomaError ? cause : unreachable(cause);
    });
    return { status: response.status, body: parse(text), retryAfterMs: parseRetryAfter(response.headers) };
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parseRetryAfter(headers: Headers): number | undefined {
  const text = headers.get("retry-after");
  if (text === null) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(MAX_RETRY_AFTER_MS, Math.max(0, ms));
}
