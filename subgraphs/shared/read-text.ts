import { InexactNumber, parseExactJson } from "@soma/schemas/exact-json";
import { SomaError } from "./errors.ts";

/** Reads a body to its end and no further than its limit; `what` names it in the error. Throws PAYLOAD_TOO_LARGE. */
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

/** JSON text of a body; throws BAD_INPUT for what is not, and for a number that would not be kept as it is written. */
export function parseJson(text: string, what: string): unknown {
  try {
    return parseExactJson(text);
  } catch (cause) {
    if (cause instanceof InexactNumber) throw new SomaError("BAD_INPUT", `${what}: ${cause.message}`, { cause });
    throw new SomaError("BAD_INPUT", `${what} is not JSON`, { cause });
  }
}
