import { ERASED_PAYLOAD } from "@soma/schemas/erased-payload";
import type { JsonObject } from "@soma/schemas/json";
import type { AnyGraph } from "@soma/sdk/graph";
import { SomaError } from "@soma/shared/errors";
import { checkIdempotencyKey } from "@soma/shared/idempotency-key";
import { type Principal, requireRole } from "@soma/shared/identity/principal";
import { newId } from "@soma/shared/ids";
import { digest, toStorableJson } from "@soma/shared/json";
import { activeOrigin } from "@soma/shared/telemetry";
import { parsePriority, parseRunInput, parseSessionId } from "../domain/run-input.ts";
import type { GraphRegistry } from "../engine/graphs/graph-registry.ts";
import type { PickProfile } from "../models/choose-profile.ts";
import type { RunRow } from "../store/tables.ts";
import type { Admission } from "./admission.ts";
import type { RunBudget, RunBudgets } from "./run-budgets.ts";
import type { RunStarter } from "./run-starter.ts";

export interface StartRunParams {
  graph: string;
  input: unknown;
  role?: string | null | undefined;
  modelProfile?: string | null | undefined;
  sessionId?: string | null | undefined;
  budget?: RunBudget | null | undefined;
  priority?: number | null | undefined;
  idempotencyKey: string;
}

export interface StartRunDeps {
  starter: RunStarter;
  graphs: GraphRegistry;
  admission: Admission;
  runBudgets: RunBudgets;
  defaultRole: string;
  pickProfile: PickProfile;
  now(): Date;
}

/**
 * Starts a run, and its session when none is given; run, session and first event become durable together. The same key
 * with the same body gives the same run, with another body IDEMPOTENCY_CONFLICT.
 */
export async function startRun(deps: StartRunDeps, principal: Principal, params: StartRunParams): Promise<RunRow> {
  const { tenant } = principal;
  checkIdempotencyKey(params.idempotencyKey);
  const { graph, input, role, modelProfile } = checkStart(deps, principal, params);
  const wantedSession = parseSessionId(params.sessionId);
  const idemDigest = digest([
    params.graph,
    input,
    params.role ?? null,
    params.modelProfile ?? null,
    wantedSession ?? null,
    ...(params.budget ? [params.budget as JsonObject] : []),
    ...(params.priority ? [`priority ${params.priority}`] : []),
  ]);

  const budget = params.budget ?? undefined;
  const createdAt = deps.now();
  const runId = newId("Run", createdAt.getTime());
  const run = {
    runId,
    tenant,
    sessionId: wantedSession ?? newId("Session"),
    sessionIsNew: wantedSession === undefined,
    graph: graph.name,
    graphVersion: graph.version,
    graphHash: graph.hash,
    role,
    modelProfile,
    input,
    startedBy: principal.subject,
    priority: parsePriority(params.priority),
    deadline: new Date(createdAt.getTime() + deps.runBudgets.timeoutMs(tenant, graph.timeoutMs, budget)),
    idemKey: params.idempotencyKey,
    idemDigest,
    ...activeOrigin(),
    createdAt,
  };
  const row = await deps.admission.admit(run, async () => {
    await deps.runBudgets.give(run, budget);
    return deps.starter.start(run);
  });
  if (row === undefined)
    throw new SomaError("NOT_FOUND", `session ${run.sessionId} does not exist; leave sessionId out to begin one`);
  const begun = row.runId === runId ? row : sameRun(row, idemDigest, params.idempotencyKey);
  // A repeat has the same input, or it is refused.
  return { ...begun, input: begun.erasedAt === null ? input : ERASED_PAYLOAD };
}

/** What is started, by whom it may be, with what is left out filled in; throws when it cannot. */
export function checkStart(
  deps: StartRunDeps,
  principal: Principal,
  params: Pick<StartRunParams, "graph" | "input" | "role" | "modelProfile">,
): { graph: AnyGraph; input: JsonObject; role: string; modelProfile: string } {
  const graph = deps.graphs.find(params.graph);
  if (graph === undefined)
    throw new SomaError("BAD_INPUT", `there is no graph "${params.graph}"; known: ${deps.graphs.names().join(", ")}`);
  const input = parseRunInput(toStorableJson(params.input), graph);
  const role =
    params.role ??
    (principal.roles.includes(deps.defaultRole) ? deps.defaultRole : principal.roles[0]) ??
    deps.defaultRole;
  requireRole(principal, role);
  const modelProfile = deps.pickProfile({ tenant: principal.tenant, role }, params.modelProfile);
  return { graph, input, role, modelProfile };
}

/** The run that was started under a key, when it was with the same body. */
export function sameRun<T extends Pick<RunRow, "runId" | "idemDigest">>(run: T, idemDigest: string, key: string): T {
  if (run.idemDigest === idemDigest) return run;
  throw new SomaError(
    "IDEMPOTENCY_CONFLICT",
    `idempotency key "${key}" belongs to run ${run.runId}, which was started with another body; use a new key`,
  );
}
