import type { TypedDocumentString } from "@soma/graphql/operations";
import { type AnyVariables, type UseQueryResponse, useQuery as useUrqlQuery } from "urql";

/** A generated query, typed. `pause` holds it back, for variables that are not known yet. */
export function useQuery<Result, Variables extends AnyVariables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  options: { pause?: boolean } = {},
): UseQueryResponse<Result, Variables> {
  return useUrqlQuery<Result, Variables>({
    query: document.toString(),
    variables,
    pause: options.pause ?? false,
  } as Parameters<typeof useUrqlQuery<Result, Variables>>[0]);
}
