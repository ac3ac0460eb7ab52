import type { StepServices } from "@soma/sdk/services";
import type { Principal } from "@soma/shared/identity/principal";
import type { Log } from "@soma/shared/log";
import type { ClaimedRun } from "../../store/claim-runs.ts";

/** For whom a step's services act, and how long. */
export interface ServiceBinding {
  run: ClaimedRun;
  stepId: string;
  /** Number of the step, and which attempt and call of it asks: the same one never does twice. */
  step: number;
  call: string;
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
  servicesOf(asking: Pick<ServiceBinding, "stepId" | "step" | "call" | "signal">): StepServices;
  log: Log;
  now(): Date;
  /** Aborted by cancel, by a stop of the process, and when the run is no longer ours. */
  signal: AbortSignal;
  canceled(): boolean;
  /** True when somebody wants the run to rest after the step it is in. */
  pausing(): boolean;
  /** True when this process must not go on with the run, whoever does. */
  lost(): boolean;
  /** Waits until it is certain that nobody has taken the run over so far; false when somebody has. */
  isStillOurs(): Promise<boolean>;
  /** Notes that something begins which must not be done twice, until what it gives is called. */
  beginOnce(): () => void;
  /** Whether such a thing is under way: what it comes to is known when it has ended. */
  isInOnce(): boolean;
  /** Without a reason, the one stored with the request counts. */
  cancel(reason?: string): void;
  /**
   * Takes what was asked of the run, as its row tells: bit 1 cancels, bit 2 pauses; and how many signals it was sent.
   */
  heed(control: number, signals?: number): void;
  /** Calls back whenever something was asked. */
  onHeed(heeded: () => void): void;
  /** How many signals it was sent, as far as is known here. */
  signals(): number;
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
  /** Left out where no other process can take the run over. */
  isStillOurs?: () => Promise<boolean>;
}): RunContext {
  const { run, services, log, now, isStillOurs = async () => true } = params;
  const principal: Principal = { tenant: run.tenant, subject: run.startedBy, roles: [run.role], service: "runs" };
  const controller = new AbortController();
  let canceled = false;
  let lost = false;
  let pausing = false;
  let deadline = run.deadline;
  let reason = "";
  let sent = 0;
  let onces = 0;
  let onHeed = (): void => {};
  const cancel = (why = ""): void => {
    reason = why;
    canceled = true;
    controller.abort();
  };
  return {
    run,
    log,
    now,
    servicesOf: (asking) => services({ run, principal, ...asking }),
    signal: controller.signal,
    canceled: () => canceled,
    lost: () => lost,
    isStillOurs,
    beginOnce() {
      onces += 1;
      return () => {
        onces -= 1;
      };
    },
    isInOnce: () => onces > 0,
    cancelReason: () => reason,
    pausing: () => pausing,
    cancel,
    heed(control, signals = 0) {
      sent = Math.max(sent, signals);
      pausing = (control & 2) === 2;
      if ((control & 1) === 1 && !canceled) cancel();
      onHeed();
    },
    onHeed(heeded) {
      onHeed = heeded;
    },
    signals: () => sent,
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
