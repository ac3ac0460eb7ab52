import { InexactNumber, toExactJson } from "@soma/schemas/exact-json";
import { fromWire, type RawAnswer, type RawOperation, SomaRequestError, type WireError } from "./request-error.ts";
import { type FollowRunParams, followRun, type RunEvent } from "./run-events.ts";
import { subscribe } from "./subscribe.ts";

export { SomaRequestError };

/** The typed client: documents of ./generated over fetch. Runs in browsers, Node and Deno. */
interface TypedDocument<R, V> {
  toString(): string;
  __apiType?: (variables: V) => R;
}

export interface SomaClientOptions {
  /** Base URL of the product, such as http://127.0.0.1:4700. */
  url: string;
  /** Bearer token; browsers use their cookie instead. */
  token?: string;
  fetch?: typeof fetch;
  /** For runtimes without a global WebSocket. */
  webSocketImpl?: unknown;
}

interface RequestOptions {
  signal?: AbortSignal;
  /** Milliseconds until the request is given up; 30 000 when left out. */
  timeoutMs?: number;
  /**
   * Told of each part of the answer that is null because its service failed, and where it would stand, such as
   * `run.memories`.
   */
  onMissing?: (error: SomaRequestError, at: string) => void;
}

export interface SomaClient {
  /**
   * Answer of a query or mutation; throws SomaRequestError when an error took a field it asks for first of all. A part
   * below those that its service could not give is null, and the rest is there.
   */
  request<R, V>(document: TypedDocument<R, V>, variables: V, options?: RequestOptions): Promise<R>;
  /**
   * What is said to an operation that somebody wrote, errors and all: one answer to a query or mutation, and those of a
   * subscription until it ends or the signal says so. Throws SomaRequestError when no answer came.
   */
  answers(
    operation: RawOperation & { isSubscription?: boolean },
    options?: RequestOptions,
  ): AsyncGenerator<RawAnswer, void>;
  /** The events of a run, each once, in order and verified; see followRun(). */
  runEvents(params: Omit<FollowRunParams, "url" | "token" | "webSocketImpl">): AsyncGenerator<RunEvent, void>;
}

interface Answer<R> {
  data?: R | null;
  errors?: WireError[];
}

/**
 * Whether an error at a path took all of a field asked for first of all: what may not be null takes what it stands in
 * along.
 */
function isGone(data: unknown, [field]: readonly (string | number)[]): boolean {
  return field === undefined || ((data ?? {}) as Record<string, unknown>)[field] == null;
}

/** A number of the variables that JSON cannot tell is refused: the other side would hear of nothing in its place. */
function toBody(operation: RawOperation): string {
  try {
    return toExactJson(operation);
  } catch (cause) {
    if (!(cause instanceof InexactNumber)) throw cause;
    throw new SomaRequestError(cause.message, { code: "BAD_INPUT", retryable: false, cause });
  }
}

export function createSomaClient(options: SomaClientOptions): SomaClient {
  const { url, token } = options;
  const send = options.fetch ?? fetch;
  const socketUrl = new URL("/graphql", url).href.replace(/^http/, "ws");

  async function post(body: string, limits: RequestOptions): Promise<Response> {
    const time = AbortSignal.timeout(limits.timeoutMs ?? 30_000);
    return send(new URL("/graphql", url), {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body,
      signal: limits.signal === undefined ? time : AbortSignal.any([limits.signal, time]),
    });
  }

  async function ask(operation: RawOperation, limits: RequestOptions): Promise<RawAnswer> {
    const response = await post(toBody(operation), limits).catch((cause: unknown) => {
      if (limits.signal?.aborted === true)
        throw new SomaRequestError("the request was canceled", { code: "CANCELED", retryable: false, cause });
      throw new SomaRequestError(`${url} cannot be reached`, { code: "UNREACHABLE", retryable: true, cause });
    });
    return response.json().catch((cause: unknown) => {
      throw new SomaRequestError(`${url} answered ${response.status} with something that is not JSON`, {
        code: "UNREACHABLE",
        retryable: true,
        cause,
      });
    }) as Promise<RawAnswer>;
  }

  return {
    async *answers({ isSubscription = false, ...operation }, limits = {}) {
      if (!isSubscription) {
        yield await ask(operation, limits);
        return;
      }
      toBody(operation);
      const { webSocketImpl } = options;
      yield* subscribe(operation, { url: socketUrl, token, signal: limits.signal, webSocketImpl });
    },
    async request<R, V>(document: TypedDocument<R, V>, variables: V, limits: RequestOptions = {}): Promise<R> {
      const answer = (await ask(
        { query: document.toString(), variables: variables as RawOperation["variables"] },
        limits,
      )) as Answer<R>;
      const errors = answer.errors ?? [];
      const whole = errors.find(({ path = [] }) => isGone(answer.data, path));
      if (whole !== undefined) throw fromWire(whole);
      for (const error of errors) limits.onMissing?.(fromWire(error), (error.path ?? []).join("."));
      if (answer.data === undefined || answer.data === null)
        throw new SomaRequestError("the answer has no data", { code: "INTERNAL", retryable: false });
      return answer.data;
    },
    runEvents: (params) =>
      followRun({
        ...params,
        url: socketUrl,
        ...(token === undefined ? {} : { token }),
        ...(options.webSocketImpl === undefined ? {} : { webSocketImpl: options.webSocketImpl }),
      }),
  };
}
