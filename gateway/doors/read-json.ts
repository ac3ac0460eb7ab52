import { SomaError } from "@soma/shared/errors";
import { parseJson, readText } from "@soma/shared/read-text";

/** The JSON a request brings. A page of another site cannot send this content type without our consent. */
export async function readJson(request: Request, maxBytes: number): Promise<unknown> {
  const contentType = request.headers.get("content-type") ?? "";
  if (!/^application\/(graphql-response\+)?json\b/.test(contentType)) {
    throw new SomaError("BAD_INPUT", `the content-type is "${contentType.slice(0, 80)}"; it must be application/json`);
  }
  const text = await readText(request.body, maxBytes, "the request body");
  return parseJson(text, "the request body");
}
