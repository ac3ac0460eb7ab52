import { parseJson } from "@soma/shared/read-text";
import { DoorRefused } from "./answer.ts";
import { readJson } from "./read-json.ts";

/** What a request to /graphql asks, as GraphQL over HTTP has it: parameters of a GET, or the JSON of a POST. */
export async function readGraphqlRequest(request: Request, maxBytes: number): Promise<unknown> {
  if (request.method === "GET") return readParameters(new URL(request.url).searchParams);
  if (request.method !== "POST")
    throw new DoorRefused(`${request.method} /graphql is not served here; send GET or POST`, 405, {
      headers: { allow: "GET, POST" },
    });
  return readJson(request, maxBytes);
}

function readParameters(parameters: URLSearchParams): unknown {
  const given = (name: string): string | undefined => parameters.get(name) || undefined;
  const query = given("query");
  const documentId = given("documentId");
  if (query === undefined && documentId === undefined && given("extensions") === undefined)
    throw new DoorRefused(
      'the request has no "query"; send GET with the parameter query, POST with a JSON body, or use a WebSocket with the protocol graphql-transport-ws',
      400,
    );
  const parsed = (name: "variables" | "extensions"): unknown => {
    const text = given(name);
    return text === undefined ? undefined : parseJson(text, `the parameter ${name}`);
  };
  return {
    query,
    documentId,
    operationName: given("operationName"),
    variables: parsed("variables"),
    extensions: parsed("extensions"),
  };
}
