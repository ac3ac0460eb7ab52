import { isErrorCode, SomaError } from "../errors.ts";
import type { SignPrincipal } from "../identity/internal-token.ts";
import type { Principal } from "../identity/principal.ts";
import { readText } from "../read-text.ts";
import { traceHeaders } from "../telemetry.ts";
import { createWatchedClient } from "./watched-client.ts";

/** Bytes that an answer of a peer may have: one tool output or one page of memories is far below. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/** Milliseconds a peer may take to let a subscription in, and to answer a ping of it. */
const HANDSHAKE_MS = 3_000;
const KEEP_ALIVE_MS = 12_000;

/** A document of the generated operations: its text, and the types of its answer and variables. */
interface TypedDocument<R, V> {
  toString(): string;
  __apiType?: (variables: V) => R;
}

interface ServiceCallOptions {
  principal: Principal;
  signal?: AbortSignal;
  /** Milliseconds until the call is given up, or the beginning of a subscription; 10 000 and 3000 when left out. */
  timeoutMs?: number;
}

export interface ServiceClient {
  request<R, V>(document: TypedDocument<R, V>, variables: V, options: ServiceCallOptions): Promise<R>;
  /** Answers of a subscription; ends when the peer completes it, throws when the connection is lost. Closing the iterator stops it. */
  subscribe<R, V>(document: TypedDocument<R, V>, variables: V, options: ServiceCallOptions): AsyncIterableIterator<R>;
}

export interface ServiceClientOptions {
  /** Name of the peer, for messages. */
  peer: string;
  url: string;
  sign: SignPrincipal;
}

/** Calls the GraphQL API of another subgraph in the name of a principal, the same way in every mode. */
export function createServiceClient(options: ServiceClientOptions): ServiceClient {
  return {
    async request<R, V>(document: TypedDocument<R, V>, variables: V, call: ServiceCallOptions): Promise<R> {
      const limit = AbortSignal.timeout(call.timeoutMs ?? 10_000);
      const response = await fetch(options.url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          authorization: `Bearer ${await options.sign(call.principal)}`,
          ...traceHeaders(),
        },
        body: JSON.stringify({ query: document.toString(), variables }),
        signal: call.signal === undefined ? limit : AbortSignal.any([call.signal, limit]),
      }).catch((cause: unknown) => {
        throw unreachable(options.peer, cause, call.signal);
      });
      const text = await readText(response.body, MAX_ANSWER_BYTES, `the answer of ${options.peer}`).catch(
        (cause: unknown) => {
          throw cause instanceof SomaError ? cause : unreachable(options.peer, cause, call.signal);
        },
      );
      return dataOf(options.peer, parseAnswer<R>(options.peer, response.status, text));
    },

    async *subscribe<R, V>(document: TypedDocument<R, V>, variables: V, call: ServiceCallOptions): AsyncGenerator<R> {
      const { signal } = call;
      // An aborted signal tells nobody who listens only now.
      if (signal?.aborted === true) throw unreachable(options.peer, signal.reason, signal);
      const client = createWatchedClient({
        url: options.url,
        handshakeMs: call.timeoutMs ?? HANDSHAKE_MS,
        keepAliveMs: KEEP_ALIVE_MS,
        connectionParams: async () => ({ token: await options.sign(call.principal) }),
      });
      const answers = client.iterate<R>({
        query: document.toString(),
        variables: variables as Record<string, unknown>,
      });
      const stop = (): void => {
        void answers.return?.();
        client.leave();
      };
      signal?.addEventListener("abort", stop, { once: true });
      try {
        for await (const answer of answers) yield dataOf(options.peer, answer as Answer<R>);
      } catch (error) {
        if (error instanceof SomaError) throw error;
        if (Array.isArray(error)) dataOf(options.peer, { errors: error as Answer<R>["errors"] });
        throw unreachable(options.peer, error, signal);
      } finally {
        signal?.removeEventListener("abort", stop);
        stop();
      }
    },
  };
}

interface Answer<R> {
  data?: R | null | undefined;
  errors?: readonly { message: string; extensions?: Record<string, unknown> | undefined }[] | undefined;
}

function parseAnswer<R>(peer: string, status: number, text: string): Answer<R> {
  try {
    return JSON.parse(text) as Answer<R>;
  } catch (cause) {
    throw new SomaError("UNAVAILABLE", `${peer} answered with status ${status} and no JSON`, { cause });
  }
}

function dataOf<R>(peer: string, answer: Answer<R>): R {
  const [first] = answer.errors ?? [];
  if (first !== undefined) {
    const code = first.extensions?.code;
    throw new SomaError(isErrorCode(code) ? code : "INTERNAL", `${peer}: ${first.message}`);
  }
  if (answer.data === undefined || answer.data === null)
    throw new SomaError("UNAVAILABLE", `${peer} answered without data`);
  return answer.data;
}

function unreachable(peer: string, cause: unknown, signal: AbortSignal | undefined): SomaError {
  if (signal?.aborted === true) return new SomaError("CANCELED", `the call to ${peer} was canceled`, { cause });
  if (cause instanceof Error && cause.name === "TimeoutError")
    return new SomaError("TIMEOUT", `${peer} did not answer in time`, { cause });
  return new SomaError("UNAVAILABLE", `${peer} cannot be reached`, { cause });
}
