import { type AnyNode, isBranching } from "@soma/sdk/graph";
import { SomaError } from "@soma/shared/errors";
import { executeBranches } from "./execute-branches.ts";
import { cancelStep, executeNode, type ScopeParts } from "./execute-node.ts";
import { keepStep } from "./keep-step.ts";
import { endStep, type Scope } from "./scope.ts";

/** Executes a graph from where it stands to its end, and gives its last state; undefined when the run was parked on the way. */
export async function executeScope(parts: ScopeParts, scope: Scope): Promise<{ at: unknown } | undefined> {
  while (scope.node !== undefined) {
    if (!(await advance(parts, scope, scope.node))) return undefined;
    // Steps without effects wait for nothing; what they write must not pile up, and others have to have their turn.
    if (parts.journal.isFull()) await parts.journal.barrier();
  }
  return { at: scope.state };
}

/** One more step; false when the run was parked in it, or paused before it. */
async function advance(parts: ScopeParts, scope: Scope, node: string): Promise<boolean> {
  const { context, floor, halt } = parts;
  if (context.lost()) throw new SomaError("CANCELED", "the worker stops");
  const spec: AnyNode<unknown> = scope.graph.node(node);
  const isUnderWay = isBranching(spec) && scope.step.number !== undefined;
  if (halt.reason() !== undefined && !isUnderWay) return cancelStep(parts, scope, spec);
  if (context.pausing() && !isUnderWay) return (await floor.rest({}, halt.signal)) === "go";
  const kept = scope.step.number === undefined ? parts.returning.take(`${scope.path}${node}`) : undefined;
  if (kept !== undefined) {
    endStep(scope, node, await keepStep(parts, scope, { spec, kept }));
    return true;
  }
  const result = isBranching(spec)
    ? await executeBranches({ parts, scope, spec, executeScope })
    : await executeNode(parts, scope, spec);
  if (result === undefined) return false;
  endStep(scope, node, result.patch ?? {});
  return true;
}
