import type { StepServices } from "@soma/sdk/services";
import { SomaError } from "@soma/shared/errors";
import type { Principal } from "@soma/shared/identity/principal";
import type { Log } from "@soma/shared/log";
import type { ClaimedRun } from "../../store/claim-runs.ts";

/** For whom a step's services act, and how long. */
export interface ServiceBinding {
  run: ClaimedRun;
  stepId: string;
  principal: Principal;
  /** Gives every call up. */
  signal: AbortSignal;
}

/** Services of a process, bound to one step at a time. */
export type ConnectedServices = (binding: ServiceBinding) => StepServices;

/** One claimed run while this process executes it. */
export interface RunContext {
  run: ClaimedRun;
  /** What a step of the run may reach outside, in the name of who started the run and under the run's one role. */
  servicesOf(stepId: string): StepServices;
  log: Log;
  now(): Date;
  /** Aborted by cancel, by a stop of the process, and when the run is no longer ours. */
  signal: AbortSignal;
  canceled(): boolean;
  /** True when somebody wants the run to rest after the step it is in. */
  pausing(): boolean;
  /** True when this process must not go on with the run, whoever does. */
  lost(): boolean;
  throwIfCanceled(): void;
  /** Without a reason, the one stored with the request counts. */
  cancel(reason?: string): void;
  /** Takes what was asked of the run, as its row tells: bit 1 cancels, bit 2 pauses. */
  heed(control: number): void;
  /** When the run is canceled at the latest. */
  deadline(): Date;
  /** Puts the deadline off by what the run was paused. */
  putOff(ms: number): void;
  lose(why: string): void;
  cancelReason(): string;
}

export function createRunContext(params: {
  run: ClaimedRun;
  services: ConnectedServices;
  log: Log;
  now: () => Date;
}): RunContext {
  const { run, services, log, now } = params;
  const principal: Principal = { tenant: run.tenant, subject: run.startedBy, roles: [run.role], service: "runs" };
  const controller = new AbortController();
  let canceled = false;
  let lost = false;
  let pausing = false;
  let deadline = run.deadline;
  let reason = "";
  const cancel = (why = ""): void => {
    reason = why;
    canceled = true;
    controller.abort();
  };
  return {
    run,
    log,
    now,
    servicesOf: (stepId) => services({ run, stepId, principal, signal: controller.signal }),
    signal: controller.signal,
    canceled: () => canceled,
    lost: () => lost,
    cancelReason: () => reason,
    throwIfCanceled() {
      if (lost || canceled) throw new SomaError("CANCELED", lost ? "the worker stops" : "the run was canceled");
    },
    pausing: () => pausing,
    cancel,
    heed(control) {
      pausing = (control & 2) === 2;
      if ((control & 1) === 1 && !canceled) cancel();
    },
    deadline: () => deadline,
    putOff(ms) {
      deadline = new Date(run.deadline.getTime() + ms);
    },
    lose(why) {
      lost = true;
      log.debug({ why }, "a run is let go");
      controller.abort();
    },
  };
}
