import { parseJson, readText } from "@soma/shared/read-text";
import { checkJsonBody } from "./media-types.ts";

/** The JSON a request brings. */
export async function readJson(request: Request, maxBytes: number): Promise<unknown> {
  checkJsonBody(request.headers.get("content-type"));
  return parseJson(await readText(request.body, maxBytes, "the request body"), "the request body");
}
