import type { TypedDocumentString } from "@soma/graphql/operations";
import { type AnyVariables, type OperationResult, useMutation as useUrqlMutation } from "urql";

/** A generated mutation, typed, as one function. */
export function useMutation<Result, Variables extends AnyVariables>(
  document: TypedDocumentString<Result, Variables>,
): (variables: Variables) => Promise<OperationResult<Result, Variables>> {
  const [, run] = useUrqlMutation<Result, Variables>(document.toString());
  return run;
}
