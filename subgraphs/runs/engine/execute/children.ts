import { InexactNumber, toExactJson } from "@soma/schemas/exact-json";
import type { Json } from "@soma/schemas/json";
import type { ChildRun } from "@soma/sdk/node";
import { SomaError } from "@soma/shared/errors";
import { newId } from "@soma/shared/ids";
import { toStorableJson } from "@soma/shared/json";
import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { parseRunInput } from "../../domain/run-input.ts";
import { addChild } from "../../store/add-child.ts";
import { countTree } from "../../store/count-tree.ts";
import { findChild } from "../../store/find-child.ts";
import { insertChild, type TreePlace } from "../../store/insert-child.ts";
import { lockTree } from "../../store/lock-tree.ts";
import type { GraphRegistry } from "../graphs/graph-registry.ts";
import type { RunContext } from "./run-context.ts";
import type { RunLimits } from "./run-limits.ts";

/** The runs that one run starts. */
export interface Children {
  /** Starts a run and gives its id; asked again for the same call of the same step, the run there is. */
  start(child: ChildRun, place: { step: number; call: number; until: Date | null }): Promise<string>;
}

export interface ChildrenDeps {
  /** A pool of the worker role. */
  sql: Sql;
  graphs: GraphRegistry;
  limits: Pick<RunLimits, "maxParents" | "maxChildren">;
  /** Whether a run under the outer role may start one under the inner role. */
  mayDelegate(inner: string, outer: string): boolean;
}

export function createChildren(deps: ChildrenDeps, context: RunContext): Children {
  const { runId } = context.run;
  return {
    async start(child, { step, call, until }) {
      const wanted = check(deps, context, child);
      const parentCall = `${step}.${call}`;
      return transaction(deps.sql, {}, async (tx) => {
        const rootRunId = await lockTree(tx, { runId });
        const known = await findChild(tx, { parentRunId: runId, parentCall });
        if (known !== undefined) return known;
        const depth = await admit(tx, deps.limits, context, rootRunId);
        const place = { parentRunId: runId, parentCall, rootRunId: rootRunId ?? runId, depth };
        return startChild(tx, context, { ...wanted, place, until });
      });
    },
  };
}

/** What can be refused before anything is asked of the database. */
function check({ graphs, mayDelegate }: ChildrenDeps, { run }: RunContext, child: ChildRun) {
  const graph = graphs.find(child.graph);
  if (graph === undefined)
    throw new SomaError("BAD_INPUT", `there is no graph "${child.graph}"; known: ${graphs.names().join(", ")}`);
  const { role = run.role } = child;
  if (!mayDelegate(role, run.role))
    throw new SomaError(
      "FORBIDDEN",
      `a run under the role "${run.role}" may not start one under "${role}", which may do more or does not exist`,
    );
  return { graph, role, input: parseRunInput(toInput(child), graph) };
}

/** A number that JSON cannot tell is refused: the other run would hear of nothing in its place. */
function toInput({ graph, input }: ChildRun): Json {
  try {
    toExactJson(input);
  } catch (cause) {
    if (!(cause instanceof InexactNumber)) throw cause;
    throw new SomaError("BAD_INPUT", `the input of the run of ${graph}: ${cause.message}`, { cause });
  }
  return toStorableJson(input);
}

/**
 * The depth of one more run; throws when the one that starts it is not ours any more, is to stop, or has started
 * enough.
 */
async function admit(
  tx: Tx,
  { maxParents, maxChildren }: ChildrenDeps["limits"],
  context: RunContext,
  rootRunId: string | undefined,
): Promise<number> {
  const { runId, epoch } = context.run;
  const added = rootRunId === undefined ? undefined : await addChild(tx, { runId, epoch });
  if (rootRunId === undefined || added === undefined)
    throw new SomaError("FENCED", `run ${runId} belongs to another worker now`);
  context.heed(added.control);
  if (context.canceled()) throw new SomaError("CANCELED", `run ${runId} is canceled, and starts no other`);
  // Trying again cannot help, so neither is a limit that passes.
  if (added.depth > maxParents)
    throw new SomaError(
      "BAD_INPUT",
      `run ${runId} may start no other: ${added.depth - 1} runs are above it, and ${maxParents} may be (SOMA_RUN_MAX_PARENTS)`,
    );
  if ((await countTree(tx, { rootRunId })) >= maxChildren)
    throw new SomaError(
      "BAD_INPUT",
      `run ${runId} may start no other: ${maxChildren} are below run ${rootRunId}, the most (SOMA_RUN_MAX_CHILDREN)`,
    );
  return added.depth;
}

type ChildParams = ReturnType<typeof check> & {
  place: TreePlace;
  until: Date | null;
};

/** A session of its own: in its parent's, it would wait for its parent, which waits for it. */
async function startChild(tx: Tx, context: RunContext, params: ChildParams): Promise<string> {
  const parent = context.run;
  const { tenant, startedBy, modelProfile, traceParent, requestId } = parent;
  const { graph, role, input, place, until } = params;
  // Later than its parent, whatever this clock says: rows of a tree are locked in the order of their ids.
  const createdAt = new Date(Math.max(context.now().getTime(), parent.createdAt.getTime() + 1));
  const runId = newId("Run", createdAt.getTime());
  const sessionId = newId("Session");
  const deadline = Math.min(
    createdAt.getTime() + graph.timeoutMs,
    context.deadline().getTime(),
    until?.getTime() ?? Number.POSITIVE_INFINITY,
  );
  const run = {
    ...{
      runId,
      tenant,
      sessionId,
      sessionIsNew: true,
      role,
      modelProfile,
      input,
      startedBy,
      traceParent,
      requestId,
      createdAt,
    },
    ...{ graph: graph.name, graphVersion: graph.version, graphHash: graph.hash, deadline: new Date(deadline) },
    // No request knows this key.
    ...{ idemKey: runId, idemDigest: "" },
  };
  await insertChild(tx, { run, place });
  return runId;
}
