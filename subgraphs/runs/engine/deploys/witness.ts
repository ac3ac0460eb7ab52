import { isStepEnd, payloadOf } from "@soma/schemas/run-history";
import { isBranching } from "@soma/sdk/graph";
import type { NodeSpec, RunInfo } from "@soma/sdk/node";
import type { HistoryEvent } from "../../domain/history.ts";
import { isChildName } from "../../domain/wait-names.ts";
import { stateDigest } from "../execute/began-with.ts";
import type { Scope } from "../execute/scope.ts";
import { probeWait } from "./probe-wait.ts";

/** What a history shows of a run beside its path: the states it was in, which nodes have effects, what a step waits for. */
export interface Witness {
  /** Takes an event in before it is folded; gives why the build comes to something else. */
  hear(event: HistoryEvent, scope: Scope): string | undefined;
  /** What of an open scope was not shown; throws what shows that it is another one. */
  look(scope: Scope): { node: string; why: string } | undefined;
}

interface Told {
  /** How the step began, when it is known that it has effects. */
  started?: HistoryEvent;
  asked?: HistoryEvent;
  parked?: HistoryEvent;
  /** It began before what is looked at, in the graph that a migration left. */
  begunBefore?: true;
}

export function createWitness(run: RunInfo): Witness {
  /** Whether the state that a scope has now is one that the history showed; nothing of one in which nothing was done. */
  const shown = new WeakMap<Scope, boolean>();
  const steps = new Map<number, Told>();

  function note(event: HistoryEvent): Told {
    const told = steps.get(event.step) ?? (event.kind === "STEP_WOKEN" ? { begunBefore: true } : {});
    steps.set(event.step, told);
    if (event.kind === "STEP_STARTED") told.started = event;
    if (event.kind === "APPROVAL_ASKED") told.asked = event;
    if (event.kind === "STEP_PARKED") told.parked = event;
    return told;
  }

  function stateFault(event: HistoryEvent, scope: Scope): string | undefined {
    const { kind, payload } = event;
    const began = kind === "STEP_STARTED" || kind === "STEP_PARKED" ? payloadOf(kind, payload).began : undefined;
    if (isStepEnd(kind)) shown.set(scope, false);
    else if (began !== undefined) shown.set(scope, true);
    else if (!shown.has(scope)) shown.set(scope, false);
    const now = began === undefined ? undefined : stateDigest(scope.state).began;
    return now === began ? undefined : `its state is another one than step ${event.step} began with`;
  }

  return {
    hear(event, scope) {
      const told = note(event);
      const spec = scope.graph.node(scope.node ?? "");
      return stateFault(event, scope) ?? (isBranching(spec) ? undefined : effectFault(event, spec, told));
    },
    look(scope) {
      const { node, step } = scope;
      const spec = node === undefined ? undefined : scope.graph.node(node);
      const place = `${scope.path}${node ?? ""}`;
      if (shown.get(scope) === false) return { node: place, why: "the state it is in now is not in its history" };
      if (spec === undefined || isBranching(spec) || step.number === undefined) return undefined;
      if (spec.pure !== true)
        return { node: place, why: `what step ${step.number}, which has begun, asks outside is not in its history` };
      const probed = probeWait(spec, scope, { run, ...steps.get(step.number) });
      if ("fault" in probed) throw new Error(probed.fault);
      return probed.unseen === undefined ? undefined : { node: place, why: probed.unseen };
    },
  };
}

/** A node without effects tells of no start, unless it starts a run; one with effects always does. */
function effectFault({ kind, step, payload }: HistoryEvent, spec: NodeSpec<unknown>, told: Told): string | undefined {
  if (told.begunBefore) return undefined;
  const isDone = kind === "STEP_SUCCEEDED" || kind === "STEP_DENIED";
  if (spec.pure !== true)
    return (isDone || kind === "STEP_PARKED") && told.started === undefined
      ? `step ${step} had no effects, and has some now`
      : undefined;
  if (told.started === undefined || startsRun(told)) return undefined;
  const parks = kind === "STEP_PARKED" && payloadOf(kind, payload).signal !== null;
  return isDone || parks ? `step ${step} had effects, and has none now` : undefined;
}

function startsRun({ parked }: Told): boolean {
  return parked !== undefined && isChildName(payloadOf("STEP_PARKED", parked.payload).signal ?? "");
}
