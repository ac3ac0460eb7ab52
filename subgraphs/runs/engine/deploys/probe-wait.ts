import { payloadOf } from "@soma/schemas/run-history";
import { isParked, type NodeResult, type NodeSpec, type Parked, type RunInfo, type StepContext } from "@soma/sdk/node";
import type { StepServices } from "@soma/sdk/services";
import { type HistoryEvent, stepIdOf } from "../../domain/history.ts";
import { isApprovalName, isChildName } from "../../domain/wait-names.ts";
import type { Scope } from "../execute/scope.ts";

interface WaitTold {
  run: RunInfo;
  asked?: HistoryEvent;
  parked?: HistoryEvent;
}

/** Why the wait is another one, or why that cannot be seen; `unseen` is undefined for the same wait. */
export type Probed = { fault: string } | { unseen: string | undefined };

/** Whether a step that waits would wait for the same here. Its node has no effects, so it is asked; it reaches nothing outside. */
export function probeWait(spec: NodeSpec<unknown>, scope: Scope, told: WaitTold): Probed {
  const given = ask(spec, scope, told);
  const number = scope.step.number ?? 0;
  if (given === undefined || given instanceof Promise)
    return { unseen: `what step ${number} waits for cannot be asked without executing it` };
  if (scope.step.parked === undefined)
    return told.parked === undefined && isStartOfRun(given)
      ? { unseen: undefined }
      : { unseen: `step ${number} is under way` };
  if (told.parked === undefined) return { unseen: `what step ${number} waits for was told to the graph it had before` };
  if (!isParked(given)) return { fault: `step ${number} waits, and would not wait now` };
  const fault = waitFault(given, scope.step.parked.signal, told.asked);
  return fault === undefined ? { unseen: undefined } : { fault: `step ${number} ${fault}` };
}

function isStartOfRun(given: object): boolean {
  return "parkedForRun" in given;
}

/** Times are not compared: the one that counts is in the history. */
function waitFault(given: Parked, name: string | null, asked: HistoryEvent | undefined): string | undefined {
  if ("parkedForApproval" in given) {
    if (name === null || !isApprovalName(name)) return "waits for no person, and would now";
    const { question, role } = payloadOf("APPROVAL_ASKED", asked?.payload);
    const { question: now, role: roleNow = role } = given.parkedForApproval;
    return question === now && role === roleNow ? undefined : "asks a person something else";
  }
  if ("parkedForRun" in given)
    return name !== null && isChildName(name) ? undefined : "waits for no run, and would now";
  const now = given.parkedForSignal ?? null;
  return now === name ? undefined : `waits for ${nameOf(name)}, and would wait for ${nameOf(now)} now`;
}

function nameOf(signal: string | null): string {
  return signal === null ? "a time" : `the signal ${signal}`;
}

/** What the node gives; undefined when it throws, as it does when it reaches for something outside. */
function ask(spec: NodeSpec<unknown>, scope: Scope, told: WaitTold): ReturnType<NodeSpec<unknown>["run"]> | undefined {
  try {
    const given = spec.run(scope.state, toContext(scope, told));
    if (given instanceof Promise) given.catch(() => {});
    return given as NodeResult<unknown> | Parked | Promise<NodeResult<unknown> | Parked>;
  } catch {
    return undefined;
  }
}

function toContext({ step }: Scope, { run, parked }: WaitTold): StepContext {
  const number = step.number ?? 0;
  const nothing = (): never => {
    throw new Error("nothing outside is reached while a history is checked");
  };
  const quiet = (): void => {};
  const { woken, wakes, unsettled, attempts: attempt } = step;
  return {
    ...{ run, stepId: stepIdOf(run.runId, number), stepNumber: number, attempt, woken, wakes, unsettled },
    signal: new AbortController().signal,
    canceled: () => false,
    services: new Proxy({} as StepServices, { get: nothing }),
    streams: { start: nothing, data: nothing, end: nothing, copy: nothing },
    log: { info: quiet, warn: quiet, error: quiet },
    now: () => new Date(parked?.at ?? run.createdAt),
  };
}
