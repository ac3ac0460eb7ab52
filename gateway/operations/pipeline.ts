import type { Principal } from "@soma/shared/identity/principal";
import { getVariableValues, NoSchemaIntrospectionCustomRule, specifiedRules } from "graphql";
import { LRUCache } from "lru-cache";
import type { Identified } from "../ground/identity.ts";
import type { GatewayLimits } from "../ground/limits.ts";
import type { PlannedOperation, SupergraphExecutor } from "../upstream/supergraph.ts";
import type { CallerBounds } from "./caller-bounds.ts";
import { asDocumentFault } from "./document-fault.ts";
import { checkCost, MUTATION_WEIGHT, type OperationCost } from "./operation-cost.ts";
import { type OperationRequest, parseRequest } from "./parse-request.ts";
import { checkKind, type Kinds, planDocument, type ReadOperation } from "./plan-document.ts";
import { RequestRefused } from "./refusal.ts";
import { ANY_DOCUMENT, type RegisteredDocuments } from "./registered-documents.ts";
import { createTakenNamesRule } from "./taken-names.ts";

interface PipelineOptions {
  limits: GatewayLimits;
  introspection: boolean;
  callers: CallerBounds;
  /** Every document is taken when left out. */
  documents?: RegisteredDocuments | undefined;
  now?: () => number;
}

/** What a transport brings: who asks, what is asked, and the kinds of operation it can answer. */
export interface PipelineInput {
  identify(): Promise<Identified>;
  payload: unknown;
  kinds: Kinds;
}

export interface AdmittedOperation {
  identified: Identified;
  planned: PlannedOperation;
  variables: Record<string, unknown>;
  /**
   * What each event of a subscription takes of the allowance: as much as a query that reads the same, and nothing when it holds
   * all that is selected itself.
   */
  eventPrice: number;
}

/**
 * What asking takes of the caller's allowance beside the one for each operation: for a document that is new, what is spent on
 * checking and planning it, some of it in advance; for objects that may be read; and one for each of its mutations, or more
 * where the schema says that it weighs more. As much as comes back in a second is less than half a second of this process.
 */
const NEW_DOCUMENT = 10;
const MS_OF_ONE = 2;
const COST_OF_ONE = 2_000;

/** Lets an operation in, or throws what is wrong with it. */
export type Pipeline = (input: PipelineInput) => Promise<AdmittedOperation>;

/**
 * The one list of checks between what arrives and its execution: HTTP and WebSocket both go through it, so no rule can hold
 * on one of them only. (How large a body or a message may be is up to each: neither reads on after its limit.) Documents that
 * passed are remembered with their plan; the one not asked for longest is forgotten first.
 */
export function createPipeline(executor: SupergraphExecutor, options: PipelineOptions): Pipeline {
  const { limits, callers, introspection, documents = ANY_DOCUMENT, now = () => performance.now() } = options;
  const known = [...specifiedRules, createTakenNamesRule(executor.keys)];
  const rules = introspection ? known : [...known, NoSchemaIntrospectionCustomRule];
  /** Who may not ask for the schema is not to find it out by guessing either. */
  const hideSuggestions = !introspection;
  const plans = new LRUCache<string, PlannedOperation>({ max: limits.documents });
  const planning = new Map<string, Promise<unknown>>();

  function costOf(operation: ReadOperation, variables: Record<string, unknown>): OperationCost {
    const coerced = coerceVariables(executor, operation, { variables, hideSuggestions });
    return checkCost(executor, operation, coerced, limits);
  }

  /** Nobody knows before what a document takes to check and to plan, so that its caller may come to owe it. */
  async function planNew(request: OperationRequest, kinds: Kinds, principal: Principal): Promise<PlannedOperation> {
    await callers.take(principal, NEW_DOCUMENT);
    const beganAtMs = now();
    try {
      const check = (operation: ReadOperation): void => void costOf(operation, request.variables);
      const planned = planDocument(executor, request, { limits, rules, hideSuggestions, kinds, documents, check });
      plans.set(keyOf(request), planned);
      return planned;
    } finally {
      callers.owe(principal, Math.max(0, (now() - beganAtMs) / MS_OF_ONE - NEW_DOCUMENT));
    }
  }

  /** Who asks for a document that is being planned waits for that: many may ask for the same one at once, and it is new once. */
  async function plan(request: OperationRequest, kinds: Kinds, principal: Principal): Promise<PlannedOperation> {
    const key = keyOf(request);
    while (planning.has(key)) await planning.get(key)?.catch(() => {});
    const known = plans.get(key);
    if (known !== undefined) {
      checkKind(known.operation, kinds);
      return known;
    }
    const work = planNew(request, kinds, principal).finally(() => planning.delete(key));
    planning.set(key, work);
    return work;
  }

  return async (input) => {
    const identified = await input.identify();
    const { principal } = identified;
    await callers.take(principal, 1);
    const request = parseRequest(input.payload, limits, documents);
    const planned = await plan(request, input.kinds, principal);
    const { reads, mutations, readsOthers } = costOf(planned, request.variables);
    const readPrice = Math.floor(reads / COST_OF_ONE);
    await callers.take(principal, readPrice + Math.ceil(mutations / MUTATION_WEIGHT));
    const eventPrice = readsOthers ? 1 + readPrice : 0;
    return { identified, planned, variables: request.variables, eventPrice };
  };
}

function keyOf({ operationName, query }: OperationRequest): string {
  return JSON.stringify([operationName, query]);
}

function coerceVariables(
  { schema }: SupergraphExecutor,
  { operation }: ReadOperation,
  { variables, hideSuggestions }: { variables: Record<string, unknown>; hideSuggestions: boolean },
): Record<string, unknown> {
  const definitions = operation.variableDefinitions ?? [];
  const { errors, coerced } = getVariableValues(schema, definitions, variables, { maxErrors: 10, hideSuggestions });
  if (errors !== undefined) throw new RequestRefused(errors.map(asDocumentFault));
  return coerced;
}
