import { SomaError } from "@soma/shared/errors";
import type { GatewayLimits } from "../ground/limits.ts";

export interface OperationRequest {
  query: string;
  variables: Record<string, unknown>;
  operationName: string | undefined;
}

/** What a client sent, as an operation; throws BAD_INPUT for anything else. */
export function parseRequest(value: unknown, limits: GatewayLimits): OperationRequest {
  if (Array.isArray(value))
    throw new SomaError("BAD_INPUT", "several operations in one request are not taken; send them one by one");
  if (typeof value !== "object" || value === null)
    throw new SomaError("BAD_INPUT", 'the request is not an object with a "query"');
  const {
    query,
    variables = {},
    operationName,
    extensions,
  } = value as { query?: unknown; variables?: unknown; operationName?: unknown; extensions?: unknown };
  if (typeof query !== "string" || query.trim() === "") throw new SomaError("BAD_INPUT", 'the request has no "query"');
  for (const [name, given] of Object.entries({ variables, extensions }))
    if (given !== undefined && given !== null && (typeof given !== "object" || Array.isArray(given)))
      throw new SomaError("BAD_INPUT", `"${name}" is not an object`);
  if (operationName !== undefined && operationName !== null && typeof operationName !== "string")
    throw new SomaError("BAD_INPUT", '"operationName" is not a text');
  if (nestsDeeperThan(variables, limits.variablesDepth))
    throw new SomaError("BAD_INPUT", `"variables" nest deeper than ${limits.variablesDepth} levels`);
  return { query, variables: (variables ?? {}) as Record<string, unknown>, operationName: operationName ?? undefined };
}

function nestsDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => nestsDeeperThan(item, levels - 1));
}
