import { SomaError } from "@soma/shared/errors";
import {
  type DocumentNode,
  GraphQLError,
  getOperationAST,
  getVariableValues,
  Kind,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  type OperationTypeNode,
  parse,
  specifiedRules,
  validate,
} from "graphql";
import type { Identified } from "../ground/identity.ts";
import type { GatewayLimits } from "../ground/limits.ts";
import type { PlannedOperation, SupergraphExecutor } from "../upstream/supergraph.ts";
import { checkDocumentLimits, documentError } from "./document-limits.ts";

/** What a transport brings: who asks, what is asked, and the kinds of operation it can answer. */
export interface PipelineInput {
  identify(): Promise<Identified>;
  payload: unknown;
  kinds: readonly `${OperationTypeNode}`[];
}

export interface AdmittedOperation {
  identified: Identified;
  planned: PlannedOperation;
  variables: Record<string, unknown>;
}

/** Lets an operation in, or throws what is wrong with it. */
export type Pipeline = (input: PipelineInput) => Promise<AdmittedOperation>;

/** Several faults of one document. */
export class RequestRefused extends Error {
  readonly errors: readonly GraphQLError[];

  constructor(errors: readonly GraphQLError[]) {
    super(errors.map((error) => error.message).join("; "));
    this.name = "RequestRefused";
    this.errors = errors;
  }
}

/**
 * The one list of checks between what arrives and its execution: HTTP and WebSocket both go through it, so no rule can hold
 * on one of them only. (How large a body or a message may be is up to each: neither reads on after its limit.) Documents that
 * passed are remembered with their plan.
 */
export function createPipeline(
  executor: SupergraphExecutor,
  options: { limits: GatewayLimits; introspection: boolean },
): Pipeline {
  const { limits } = options;
  const rules = options.introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  const known = new Map<string, PlannedOperation>();

  function plan(request: OperationRequest): PlannedOperation {
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
    if (errors.length > 0) throw new RequestRefused(errors.map(asDocumentError));
  }

  /** Newest last: what has not been asked for longest goes first. */
  function planned(request: OperationRequest): PlannedOperation {
    const key = JSON.stringify([request.operationName, request.query]);
    const operation = known.get(key) ?? plan(request);
    known.delete(key);
    known.set(key, operation);
    const [oldest] = known.keys();
    if (known.size > limits.documents && oldest !== undefined) known.delete(oldest);
    return operation;
  }

  function checkVariables({ operation }: PlannedOperation, variables: Record<string, unknown>): void {
    const { errors } = getVariableValues(executor.schema, operation.variableDefinitions ?? [], variables, {
      maxErrors: 10,
    });
    if (errors !== undefined) throw new RequestRefused(errors.map(asDocumentError));
  }

  return async (input) => {
    const identified = await input.identify();
    const request = parseRequest(input.payload, limits);
    const operation = planned(request);
    checkKind(operation, input.kinds);
    checkVariables(operation, request.variables);
    return { identified, planned: operation, variables: request.variables };
  };
}

interface OperationRequest {
  query: string;
  variables: Record<string, unknown>;
  operationName: string | undefined;
}

function parseRequest(value: unknown, limits: GatewayLimits): OperationRequest {
  if (Array.isArray(value))
    throw new SomaError("BAD_INPUT", "several operations in one request are not taken; send them one by one");
  if (typeof value !== "object" || value === null)
    throw new SomaError("BAD_INPUT", 'the request is not an object with a "query"');
  const {
    query,
    variables = {},
    operationName,
  } = value as { query?: unknown; variables?: unknown; operationName?: unknown };
  if (typeof query !== "string" || query.trim() === "") throw new SomaError("BAD_INPUT", 'the request has no "query"');
  if (variables !== null && (typeof variables !== "object" || Array.isArray(variables)))
    throw new SomaError("BAD_INPUT", '"variables" is not an object');
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

function parseDocument(query: string, maxTokens: number): DocumentNode {
  try {
    return parse(query, { maxTokens });
  } catch (cause) {
    throw cause instanceof GraphQLError ? asDocumentError(cause) : documentError("the document cannot be read");
  }
}

function chooseOperation(document: DocumentNode, name: string | undefined): OperationDefinitionNode {
  const operation = getOperationAST(document, name);
  if (operation !== null && operation !== undefined) return operation;
  const names = document.definitions.flatMap((each) =>
    each.kind === Kind.OPERATION_DEFINITION ? [each.name?.value ?? "(no name)"] : [],
  );
  if (names.length === 0) throw documentError("the document has no operation");
  throw documentError(
    name === undefined
      ? `the document has ${names.length} operations; say which with operationName`
      : `the document has no operation "${name}"; it has ${names.join(", ")}`,
  );
}

function checkKind({ operation }: PlannedOperation, kinds: PipelineInput["kinds"]): void {
  if (kinds.includes(operation.operation)) return;
  throw documentError(
    `a ${operation.operation} is served over a WebSocket with the protocol graphql-transport-ws, not here`,
  );
}

/** The library's error with our code in it; where in the document it is stays. */
function asDocumentError({ message, nodes, source, positions }: GraphQLError): GraphQLError {
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    extensions: { code: "BAD_INPUT" },
  });
}
