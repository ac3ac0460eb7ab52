import { SomaError } from "@soma/shared/errors";
import {
  type DocumentNode,
  GraphQLError,
  getOperationAST,
  Kind,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  parse,
  specifiedRules,
  validate,
} from "graphql";
import { checkDocumentLimits, documentError } from "./document-limits.ts";
import type { GatewayLimits } from "./limits.ts";
import type { PlannedOperation, SupergraphExecutor } from "./supergraph.ts";

/** An operation as it arrives, on any transport. */
export interface OperationRequest {
  query: string;
  variables: Record<string, unknown>;
  operationName?: string | undefined;
}

export interface Pipeline {
  /** Parses what came; throws BAD_INPUT for a wrong shape. */
  parseRequest(value: unknown): OperationRequest;
  /** Runs the checks in order and plans; throws the first fault. Documents that passed are remembered with their plan. */
  prepare(request: OperationRequest): PlannedOperation;
}

/** The one list of checks between a document and its execution: HTTP and WebSocket both go through here, so no rule can hold on one of them only. */
export function createPipeline(executor: SupergraphExecutor, options: { limits: GatewayLimits; introspection: boolean }): Pipeline {
  const { limits } = options;
  const rules = options.introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  const planned = new Map<string, PlannedOperation>();

  function check(request: OperationRequest): PlannedOperation {
    const document = parseDocument(request.query, limits.tokens);
    const operation = chooseOperation(document, request.operationName);
    checkDocumentLimits(document, operation, limits);
    validateDocument(document);
    return { text: request.query, document, operation, plan: executor.plan(document, operation) };
  }

  function validateDocument(document: DocumentNode): void {
    let errors: readonly GraphQLError[];
    try {
      errors = validate(executor.schema, document, rules, { maxErrors: 10 });
    } catch (cause) {
      // graphql 16 throws for some documents, such as @include on the root field of a subscription.
      throw documentError(cause instanceof Error ? cause.message : String(cause));
    }
    const [first] = errors;
    if (first !== undefined) throw new GraphQLError(first.message, { nodes: first.nodes ?? null, extensions: { code: "BAD_INPUT" } });
  }

  return {
    parseRequest: (value) => parseRequest(value, limits),
    prepare(request) {
      const key = `${request.operationName ?? ""}\n${request.query}`;
      const known = planned.get(key);
      if (known !== undefined) {
        // Newest last: what has not been asked for longest goes first.
        planned.delete(key);
        planned.set(key, known);
        return known;
      }
      const fresh = check(request);
      planned.set(key, fresh);
      const [oldest] = planned.keys();
      if (planned.size > limits.documents && oldest !== undefined) planned.delete(oldest);
      return fresh;
    },
  };
}

function parseRequest(value: unknown, limits: GatewayLimits): OperationRequest {
  if (Array.isArray(value)) throw new SomaError("BAD_INPUT", "several operations in one request are not taken; send them one by one");
  if (typeof value !== "object" || value === null) throw new SomaError("BAD_INPUT", 'the request is not an object with a "query"');
  const { query, variables = {}, operationName } = value as { query?: unknown; variables?: unknown; operationName?: unknown };
  if (typeof query !== "string" || query.trim() === "") throw new SomaError("BAD_INPUT", 'the request has no "query"');
  if (variables !== null && (typeof variables !== "object" || Array.isArray(variables))) throw new SomaError("BAD_INPUT", '"variables" is not an object');
  if (operationName !== undefined && operationName !== null && typeof operationName !== "string")
    throw new SomaError("BAD_INPUT", '"operationName" is not a text');
  if (nesting(variables, limits.variablesDepth) > limits.variablesDepth)
    throw new SomaError("BAD_INPUT", `"variables" nest deeper than ${limits.variablesDepth} levels`);
  return { query, variables: (variables ?? {}) as Record<string, unknown>, operationName: operationName ?? undefined };
}

/** Levels of lists and objects, counted no further than just beyond the limit. */
function nesting(value: unknown, limit: number): number {
  if (typeof value !== "object" || value === null) return 0;
  if (limit <= 0) return 1;
  return 1 + Math.max(0, ...Object.values(value).map((item) => nesting(item, limit - 1)));
}

function parseDocument(query: string, maxTokens: number): DocumentNode {
  try {
    return parse(query, { maxTokens });
  } catch (cause) {
    throw documentError(cause instanceof Error ? cause.message : String(cause));
  }
}

function chooseOperation(document: DocumentNode, name: string | undefined): OperationDefinitionNode {
  const operation = getOperationAST(document, name);
  if (operation !== null && operation !== undefined) return operation;
  const names = document.definitions.flatMap((each) => (each.kind === Kind.OPERATION_DEFINITION ? [each.name?.value ?? "(no name)"] : []));
  if (names.length === 0) throw documentError("the document has no operation");
  throw documentError(
    name === undefined
      ? `the document has ${names.length} operations; say which with operationName`
      : `the document has no operation "${name}"; it has ${names.join(", ")}`,
  );
}
