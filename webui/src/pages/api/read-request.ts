import { InexactNumber, parseExactJson } from "@soma/schemas/exact-json";
import { isRecord } from "@soma/schemas/json";
import { readDocument } from "./read-document.ts";
import type { Request } from "./use-operation.ts";

interface Written {
  query: string;
  /** JSON; empty for none. */
  variables: string;
  /** Of several operations the one that is meant; the first one when it is none of them. */
  chosen: string;
}

/** What is asked by what was written, or why that cannot be asked. */
export function readRequest({ query, variables, chosen }: Written): { request: Request } | { fault: string } {
  const read = readDocument(query);
  if ("fault" in read) return { fault: `The document cannot be read: ${read.fault}` };
  const operation = read.operations.find(({ name }) => name === chosen) ?? read.operations[0];
  const values = readVariables(variables);
  if ("fault" in values) return values;
  return {
    request: {
      query,
      variables: values.is,
      operationName: operation?.name === "" ? undefined : operation?.name,
      isSubscription: operation?.kind === "subscription",
    },
  };
}

function readVariables(text: string): { is: Record<string, unknown> } | { fault: string } {
  if (text.trim() === "") return { is: {} };
  try {
    const value = parseExactJson(text);
    return isRecord(value) ? { is: value } : { fault: "The variables are no object of JSON" };
  } catch (error) {
    const why = error instanceof InexactNumber ? `: ${error.message}` : "";
    return { fault: `The variables are no JSON${why}` };
  }
}
