import {
  type DocumentNode,
  type GraphQLError,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  type OperationTypeNode,
  type ValidationRule,
  validate,
} from "graphql";
import type { GatewayLimits } from "../ground/limits.ts";
import type { PlannedOperation, SupergraphExecutor } from "../upstream/supergraph.ts";
import { asDocumentFault, documentFault } from "./document-fault.ts";
import { checkDocumentLimits } from "./document-limits.ts";
import type { OperationRequest } from "./parse-request.ts";
import { readDocument } from "./read-document.ts";
import { KindRefused, RequestRefused } from "./refusal.ts";
import type { RegisteredDocuments } from "./registered-documents.ts";

/** A document with the one operation of it that runs. */
export type ReadOperation = Pick<PlannedOperation, "document" | "operation">;

interface ValidateParams {
  rules: readonly ValidationRule[];
  /** A schema that may not be asked for is not told by its errors either. */
  hideSuggestions: boolean;
}

interface PlanParams extends ValidateParams {
  limits: GatewayLimits;
  /** What its transport can answer. */
  kinds: Kinds;
  documents: RegisteredDocuments;
  /** Throws what is wrong with a valid operation before anybody plans it. */
  check: (operation: ReadOperation) => void;
}

export type Kinds = readonly `${OperationTypeNode}`[];

/** Checks a document, cheapest rule first, and plans the operation of it that was chosen. */
export function planDocument(
  executor: SupergraphExecutor,
  request: OperationRequest,
  { limits, kinds, documents, check, ...validation }: PlanParams,
): PlannedOperation {
  const document = readDocument(request.query, limits);
  documents.check(document);
  const operation = chooseOperation(document, request.operationName);
  checkDocumentLimits(document, operation, limits);
  validateDocument(executor, document, validation);
  checkKind(operation, kinds);
  check({ document, operation });
  const plan = executor.plan(document, operation);
  // A query that skips all it selects has an empty answer; a subscription would have nothing to wait for.
  if (operation.operation === "subscription" && plan.node === undefined)
    throw documentFault("the subscription skips the one field it selects");
  return { text: request.query, document, operation, plan };
}

export function checkKind({ operation }: OperationDefinitionNode, kinds: Kinds): void {
  if (!kinds.includes(operation)) throw new KindRefused(operation);
}

function chooseOperation(document: DocumentNode, name: string | undefined): OperationDefinitionNode {
  const operation = getOperationAST(document, name);
  if (operation !== null && operation !== undefined) return operation;
  const names = document.definitions.flatMap((each) =>
    each.kind === Kind.OPERATION_DEFINITION ? [each.name?.value ?? "(no name)"] : [],
  );
  if (names.length === 0) throw documentFault("the document has no operation");
  throw documentFault(
    name === undefined
      ? `the document has ${names.length} operations; say which with operationName`
      : `the document has no operation "${name}"; it has ${names.join(", ")}`,
  );
}

function validateDocument(
  { schema }: SupergraphExecutor,
  document: DocumentNode,
  { rules, hideSuggestions }: ValidateParams,
): void {
  let errors: readonly GraphQLError[];
  try {
    errors = validate(schema, document, rules, { maxErrors: 10, hideSuggestions });
  } catch (cause) {
    // graphql 16 throws for some documents, such as @include on the root field of a subscription.
    throw documentFault(cause instanceof Error ? cause.message : String(cause));
  }
  if (errors.length > 0) throw new RequestRefused(errors.map(asDocumentFault));
}
