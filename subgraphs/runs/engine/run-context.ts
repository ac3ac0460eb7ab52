import { SomaError } from "@soma/shared/errors";
import type { Principal } from "@soma/shared/identity/principal";
import type { Log } from "@soma/shared/log";
import type { ClaimedRun } from "../store/claim-runs.ts";
import type { Services } from "./services.ts";

/** One claimed run while this process executes it. */
export interface RunContext {
  run: ClaimedRun;
  principal: Principal;
  services: Services;
  log: Log;
  now(): Date;
  /** Aborted by cancel, by a stop of the process, and when the run is no longer ours. */
  signal: AbortSignal;
  canceled(): boolean;
  /** True when this process must not go on with the run, whoever does. */
  lost(): boolean;
  throwIfCanceled(): void;
  /** Without a reason, the one stored with the request counts. */
  cancel(reason?: string): void;
  lose(why: string): void;
  cancelReason(): string;
}

export function createRunContext(params: {
  run: ClaimedRun;
  services: Services;
  log: Log;
  now: () => Date;
}): RunContext {
  const { run } = params;
  const controller = new AbortController();
  let canceled = false;
  let lost = false;
  let reason = "";
  return {
    ...params,
    principal: { tenant: run.tenant, subject: run.startedBy, roles: [run.role], service: "runs" },
    signal: controller.signal,
    canceled: () => canceled,
    lost: () => lost,
    cancelReason: () => reason,
    throwIfCanceled() {
      if (lost || canceled) throw new SomaError("CANCELED", lost ? "the worker stops" : "the run was canceled");
    },
    cancel(why = "") {
      reason = why;
      canceled = true;
      controller.abort();
    },
    lose(why) {
      lost = true;
      params.log.debug({ why }, "a run is let go");
      controller.abort();
    },
  };
}
