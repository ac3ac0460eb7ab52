import type { TypedDocumentString } from "@soma/graphql/operations";
import type { AnyVariables, Client, OperationResult } from "urql";
import { withoutCache } from "./api-client.ts";

/** A generated query, typed, asked of the server by what draws nothing with each answer; nothing once it is aborted. */
export async function askOnce<Result, Variables extends AnyVariables>(
  client: Client,
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  signal: AbortSignal,
): Promise<OperationResult<Result, Variables>> {
  signal.throwIfAborted();
  return withoutCache(client).query<Result, Variables>(document.toString(), variables).toPromise();
}
