import { isRecord } from "@soma/schemas/json";

/** The message of an error body, in the shapes servers use: {error: {message}}, {error: "..."}, {message}, {detail}. */
export function errorText(body: unknown): string | undefined {
  if (!isRecord(body)) return undefined;
  const found = [isRecord(body.error) ? body.error.message : body.error, body.message, body.detail].find(
    (text) => typeof text === "string" && text !== "",
  );
  return typeof found === "string" ? found : undefined;
}
