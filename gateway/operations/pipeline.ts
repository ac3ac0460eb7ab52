import type { Principal } from "@soma/shared/identity/principal";
import { getVariableValues, NoSchemaIntrospectionCustomRule, type OperationTypeNode, specifiedRules } from "graphql";
import { LRUCache } from "lru-cache";
import type { Identified } from "../ground/identity.ts";
import type { GatewayLimits } from "../ground/limits.ts";
import type { PlannedOperation, SupergraphExecutor } from "../upstream/supergraph.ts";
import type { CallerBounds } from "./caller-bounds.ts";
import { asDocumentFault } from "./document-fault.ts";
import { checkCost } from "./operation-cost.ts";
import { type OperationRequest, parseRequest } from "./parse-request.ts";
import { planDocument } from "./plan-document.ts";
import { KindRefused, RequestRefused } from "./refusal.ts";

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

/** What asking takes of the caller's allowance: a document that must be planned, and objects that are read, cost more. */
const NEW_DOCUMENT = 10;
const COST_OF_ONE = 2_000;

/** Lets an operation in, or throws what is wrong with it. */
export type Pipeline = (input: PipelineInput) => Promise<AdmittedOperation>;

/**
 * The one list of checks between what arrives and its execution: HTTP and WebSocket both go through it, so no rule can hold
 * on one of them only. (How large a body or a message may be is up to each: neither reads on after its limit.) Documents that
 * passed are remembered with their plan; the one not asked for longest is forgotten first.
 */
export function createPipeline(
  executor: SupergraphExecutor,
  options: { limits: GatewayLimits; introspection: boolean; callers: CallerBounds },
): Pipeline {
  const { limits, callers } = options;
  const rules = options.introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  const plans = new LRUCache<string, PlannedOperation>({ max: limits.documents });

  function plan(request: OperationRequest, principal: Principal): PlannedOperation {
    const key = JSON.stringify([request.operationName, request.query]);
    const known = plans.get(key);
    if (known !== undefined) return known;
    callers.take(principal, NEW_DOCUMENT);
    const planned = planDocument(executor, request, { limits, rules, hideSuggestions: !options.introspection });
    plans.set(key, planned);
    return planned;
  }

  return async (input) => {
    const identified = await input.identify();
    const { principal } = identified;
    callers.take(principal, 1);
    const request = parseRequest(input.payload, limits);
    const planned = plan(request, principal);
    checkKind(planned, input.kinds);
    const coerced = coerceVariables(executor, planned, request.variables);
    const cost = checkCost(executor.schema, planned, coerced, limits);
    callers.take(principal, Math.floor(cost / COST_OF_ONE));
    return { identified, planned, variables: request.variables };
  };
}

function checkKind({ operation }: PlannedOperation, kinds: PipelineInput["kinds"]): void {
  if (!kinds.includes(operation.operation)) throw new KindRefused(operation.operation);
}

function coerceVariables(
  { schema }: SupergraphExecutor,
  { operation }: PlannedOperation,
  variables: Record<string, unknown>,
): Record<string, unknown> {
  const definitions = operation.variableDefinitions ?? [];
  const { errors, coerced } = getVariableValues(schema, definitions, variables, { maxErrors: 10 });
  if (errors !== undefined) throw new RequestRefused(errors.map(asDocumentFault));
  return coerced;
}
