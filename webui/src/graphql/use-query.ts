import type { TypedDocumentString } from "@soma/graphql/operations";
import { type AnyVariables, type RequestPolicy, type UseQueryResponse, useQuery as useUrqlQuery } from "urql";

/** Where an error took a field of the query, it is null: what else came is shown. The generated types are of whole answers. */
type Came<Result> = { [Field in keyof Result]: Result[Field] | null };

/**
 * A generated query, typed. `pause` holds it back, for variables that are not known yet; what never changes is asked for
 * once, by the policy `cache-first`.
 */
export function useQuery<Result, Variables extends AnyVariables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  options: { pause?: boolean; requestPolicy?: RequestPolicy } = {},
): UseQueryResponse<Came<Result>, Variables> {
  return useUrqlQuery<Came<Result>, Variables>({
    query: document.toString(),
    variables,
    ...options,
  } as Parameters<typeof useUrqlQuery<Came<Result>, Variables>>[0]);
}
