import { getVariableValues, NoSchemaIntrospectionCustomRule, type OperationTypeNode, specifiedRules } from "graphql";
import { LRUCache } from "lru-cache";
import type { Identified } from "../ground/identity.ts";
import type { GatewayLimits } from "../ground/limits.ts";
import type { PlannedOperation, SupergraphExecutor } from "../upstream/supergraph.ts";
import { asDocumentFault, documentFault } from "./document-fault.ts";
import { type OperationRequest, parseRequest } from "./parse-request.ts";
import { planDocument } from "./plan-document.ts";
import { RequestRefused } from "./refusal.ts";

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

/**
 * The one list of checks between what arrives and its execution: HTTP and WebSocket both go through it, so no rule can hold
 * on one of them only. (How large a body or a message may be is up to each: neither reads on after its limit.) Documents that
 * passed are remembered with their plan; the one not asked for longest is forgotten first.
 */
export function createPipeline(
  executor: SupergraphExecutor,
  options: { limits: GatewayLimits; introspection: boolean },
): Pipeline {
  const { limits } = options;
  const rules = options.introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  const plans = new LRUCache<string, PlannedOperation>({ max: limits.documents });

  function plan(request: OperationRequest): PlannedOperation {
    const key = JSON.stringify([request.operationName, request.query]);
    const known = plans.get(key);
    if (known !== undefined) return known;
    const planned = planDocument(executor, request, { limits, rules });
    plans.set(key, planned);
    return planned;
  }

  return async (input) => {
    const identified = await input.identify();
    const request = parseRequest(input.payload, limits);
    const planned = plan(request);
    checkKind(planned, input.kinds);
    checkVariables(executor, planned, request.variables);
    return { identified, planned, variables: request.variables };
  };
}

function checkKind({ operation }: PlannedOperation, kinds: PipelineInput["kinds"]): void {
  if (kinds.includes(operation.operation)) return;
  throw documentFault(
    `a ${operation.operation} is served over a WebSocket with the protocol graphql-transport-ws, not here`,
  );
}

function checkVariables(
  { schema }: SupergraphExecutor,
  { operation }: PlannedOperation,
  variables: Record<string, unknown>,
): void {
  const { errors } = getVariableValues(schema, operation.variableDefinitions ?? [], variables, { maxErrors: 10 });
  if (errors !== undefined) throw new RequestRefused(errors.map(asDocumentFault));
}
