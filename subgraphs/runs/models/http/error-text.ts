import { isRecord } from "@soma/schemas/json";

/** The message of an error body, in the shapes servers use: {error: {message}}, {error: "..."}, {message}, {detail}. */
export function errorText(body: unknown): string | undefined {
  if (!isRecord(body)) return undefined;
  const found = [isRecord(body.error) ? body.error.message : body.error, body.message, body.detail].find(
    (text) => typeof text === "string" && text !== "",
  );
  return typeof found === "string" ? found : undefined;
}

/** Whether a field of that name says anything; some servers send it with every answer, with nothing in it. */
export function isError(error: unknown): boolean {
  return isRecord(error) ? Object.values(error).some(Boolean) : typeof error === "string" && error.trim() !== "";
}

/** What of a body comes, up to so many bytes, also where it breaks off or ends too late. */
export async function readSome(body: AsyncIterable<Uint8Array> | null, mostBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  try {
    for await (const chunk of body ?? []) {
      text += decoder.decode(chunk.subarray(0, mostBytes - bytes), { stream: true });
      bytes += chunk.byteLength;
      if (bytes >= mostBytes) break;
    }
  } catch {
    // What came says more than that no more did.
  }
  return text;
}
