import type { TypedDocumentString } from "@soma/graphql/operations";
import { type AnyVariables, type OperationResult, type UseQueryResponse, useMutation, useQuery } from "urql";

/** A generated query, typed. `pause` holds it back, for variables that are not known yet. */
export function useGraphQuery<Result, Variables extends AnyVariables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  options: { pause?: boolean } = {},
): UseQueryResponse<Result, Variables> {
  return useQuery<Result, Variables>({
    query: document.toString(),
    variables,
    pause: options.pause ?? false,
  } as Parameters<typeof useQuery<Result, Variables>>[0]);
}

/** A generated mutation, typed, as one function. */
export function useGraphMutation<Result, Variables extends AnyVariables>(
  document: TypedDocumentString<Result, Variables>,
): (variables: Variables) => Promise<OperationResult<Result, Variables>> {
  const [, run] = useMutation<Result, Variables>(document.toString());
  return run;
}
