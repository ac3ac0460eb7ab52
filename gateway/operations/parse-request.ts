import { isRecord } from "@soma/schemas/json";
import { SomaError } from "@soma/shared/errors";
import type { GatewayLimits } from "../ground/limits.ts";
import type { RegisteredDocuments } from "./registered-documents.ts";

export interface OperationRequest {
  query: string;
  variables: Record<string, unknown>;
  operationName: string | undefined;
}

/** What a client sent, as an operation; throws BAD_INPUT for anything else. */
export function parseRequest(value: unknown, limits: GatewayLimits, documents: RegisteredDocuments): OperationRequest {
  if (Array.isArray(value))
    throw new SomaError("BAD_INPUT", "several operations in one request are not taken; send them one by one");
  if (typeof value !== "object" || value === null)
    throw new SomaError("BAD_INPUT", 'the request is not an object with a "query"');
  const { variables = {}, operationName, extensions, ...document } = value as Partial<Record<string, unknown>>;
  for (const [name, given] of Object.entries({ variables, extensions }))
    if (given !== undefined && given !== null && (typeof given !== "object" || Array.isArray(given)))
      throw new SomaError("BAD_INPUT", `"${name}" is not an object`);
  if (operationName !== undefined && operationName !== null && typeof operationName !== "string")
    throw new SomaError("BAD_INPUT", '"operationName" is not a text');
  if (nestsDeeperThan(variables, limits.variablesDepth))
    throw new SomaError("BAD_INPUT", `"variables" nest deeper than ${limits.variablesDepth} levels`);
  const query = textOf({ ...document, extensions }, documents);
  return { query, variables: (variables ?? {}) as Record<string, unknown>, operationName: operationName ?? undefined };
}

/** The document, or the registered one whose id stands for it. */
function textOf({ query, documentId, extensions }: Record<string, unknown>, documents: RegisteredDocuments): string {
  if (typeof query === "string" && query.trim() !== "") return query;
  const persisted = isRecord(extensions) ? extensions.persistedQuery : undefined;
  const id = documentId ?? (isRecord(persisted) ? persisted.sha256Hash : undefined);
  if ((query !== undefined && query !== null && query !== "") || typeof id !== "string")
    throw new SomaError("BAD_INPUT", 'the request has no "query"');
  return documents.get(id);
}

function nestsDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => nestsDeeperThan(item, levels - 1));
}
