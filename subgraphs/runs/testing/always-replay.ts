import { canonicalJson, type Json } from "@soma/schemas/json";
import { type AnyGraph, type AnyNode, isBranching } from "@soma/sdk/graph";
import type { NodeSpec, StepContext } from "@soma/sdk/node";
import type { HistoryEvent } from "../domain/history.ts";
import { effectiveEvents } from "../domain/rollback.ts";
import { replay } from "../engine/execute/replay.ts";
import type { Scope } from "../engine/execute/scope.ts";

export interface AlwaysReplay {
  /** The history of a run, as far as it is durable. */
  history(runId: string): Promise<HistoryEvent[]>;
  /** Told where what a process remembers is not what the history says. */
  differs(what: string): void;
}

/**
 * The same graph, whose process remembers nothing: before each call of a node the run is rebuilt from its history, the node
 * works on that, and what the process had in mind is compared with it. No node is pure then, so that all before it is durable.
 */
export function alwaysReplay(graph: AnyGraph, mode: AlwaysReplay): AnyGraph {
  const forgetting = (inner: AnyGraph): AnyGraph => ({ ...inner, node: (id) => wrap(inner.node(id)) });

  function wrap(node: AnyNode<unknown>): AnyNode<unknown> {
    if (!isBranching(node)) return { ...node, pure: false, run: (state, context) => rerun(node, state, context) };
    return {
      ...node,
      branches: (state) =>
        node.branches(state).map((branch) => ({ ...branch, graph: forgetting(branch.graph as AnyGraph) })),
    };
  }

  async function rerun(node: NodeSpec<unknown>, remembered: unknown, context: StepContext) {
    const { run, stepId, stepNumber, attempt } = context;
    const events = effectiveEvents(await mode.history(run.runId));
    const path = pathOf(events.findLast(({ step }) => step === stepNumber)?.node ?? "");
    const scope = findScope(replay(graph, events).root, path);
    const rebuilt = { state: scope?.state as Json, number: scope?.step.number, attempt: scope?.step.attempts };
    const had = { state: remembered as Json, number: stepNumber, attempt };
    if (digest(rebuilt) !== digest(had))
      mode.differs(
        `step ${stepId} at ${path}: the history says ${digest(rebuilt)}, and the process had ${digest(had)}`,
      );
    return node.run(scope?.state, context);
  }

  return forgetting(graph);
}

function digest(position: object): string {
  return canonicalJson(JSON.parse(JSON.stringify(position)));
}

function pathOf(node: string): string {
  return node.slice(0, node.lastIndexOf("/") + 1);
}

function findScope(scope: Scope, path: string): Scope | undefined {
  if (scope.path === path) return scope;
  for (const branch of scope.branches.values()) {
    const found = findScope(branch, path);
    if (found !== undefined) return found;
  }
  return undefined;
}
