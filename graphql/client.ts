/** The typed client: documents of ./generated over fetch. Runs in browsers, Node and Deno. */
export interface TypedDocument<R, V> {
  toString(): string;
  __apiType?: (variables: V) => R;
}

/** An error the server answered with, or the reason it could not be reached (code UNREACHABLE). */
export class SomaRequestError extends Error {
  readonly code: string;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** Names the request in the server's log. */
  readonly traceId: string | null;

  constructor(message: string, details: { code: string; retryable: boolean; traceId?: string | null; cause?: unknown }) {
    super(message, { cause: details.cause });
    this.name = "SomaRequestError";
    this.code = details.code;
    this.retryable = details.retryable;
    this.traceId = details.traceId ?? null;
  }
}

export interface SomaClientOptions {
  /** Base URL of the product, such as http://127.0.0.1:4700. */
  url: string;
  /** Bearer token; browsers use their cookie instead. */
  token?: string;
  fetch?: typeof fetch;
}

export interface SomaClient {
  /** Answer of a query or mutation; throws SomaRequestError for the first error. */
  request<R, V>(document: TypedDocument<R, V>, variables: V, options?: { signal?: AbortSignal }): Promise<R>;
}

interface Answer<R> {
  data?: R | null;
  errors?: { message: string; extensions?: { code?: string; retryable?: boolean; traceId?: string } }[];
}

export function createSomaClient(options: SomaClientOptions): SomaClient {
  const send = options.fetch ?? fetch;
  return {
    async request<R, V>(document: TypedDocument<R, V>, variables: V, { signal }: { signal?: AbortSignal } = {}): Promise<R> {
      const response = await send(new URL("/graphql", options.url), {
        method: "POST",
        headers: { "content-type": "application/json", ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }) },
        body: JSON.stringify({ query: document.toString(), variables }),
        ...(signal === undefined ? {} : { signal }),
      }).catch((cause: unknown) => {
        throw new SomaRequestError(`${options.url} cannot be reached`, { code: "UNREACHABLE", retryable: true, cause });
      });
      const answer = (await response.json().catch((cause: unknown) => {
        throw new SomaRequestError(`${options.url} answered ${response.status} with something that is not JSON`, {
          code: "UNREACHABLE",
          retryable: true,
          cause,
        });
      })) as Answer<R>;
      const [first] = answer.errors ?? [];
      if (first !== undefined) {
        const { code = "INTERNAL", retryable = false, traceId = null } = first.extensions ?? {};
        throw new SomaRequestError(first.message, { code, retryable, traceId });
      }
      if (answer.data === undefined || answer.data === null) throw new SomaRequestError("the answer has no data", { code: "INTERNAL", retryable: false });
      return answer.data;
    },
  };
}
