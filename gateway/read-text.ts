import { SomaError } from "@soma/shared/errors";

/** Reads a body to its end and no further than its limit; `what` names it in the error. */
export async function readText(
  body: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array> | null,
  maxBytes: number,
  what: string,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new SomaError("PAYLOAD_TOO_LARGE", `${what} is larger than ${maxBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** The JSON a request brings. A page of another site cannot send this content type without our consent. */
export async function readJson(request: Request, maxBytes: number): Promise<unknown> {
  const contentType = request.headers.get("content-type") ?? "";
  if (!/^application\/(graphql-response\+)?json\b/.test(contentType)) {
    throw new SomaError("BAD_INPUT", `the content-type is "${contentType.slice(0, 80)}"; it must be application/json`);
  }
  const text = await readText(request.body, maxBytes, "the request body");
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SomaError("BAD_INPUT", "the request body is not JSON", { cause });
  }
}
