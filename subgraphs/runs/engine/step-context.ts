import type { Principal } from "@soma/shared/identity/principal";
import type { Log } from "@soma/shared/log";
import type { ClaimedRun } from "../store/claim-runs.ts";
import type { Services } from "./services.ts";
import type { StreamWriter } from "./streams.ts";

/** What a node is given beside the state. */
export interface StepContext {
  run: ClaimedRun;
  stepId: string;
  stepNumber: number;
  /** From 1; grows with every retry and every take-over. */
  attempt: number;
  /** Aborted when the run is canceled, taken away, or the process stops. */
  signal: AbortSignal;
  /** In whose name the step acts: who started the run, under the run's one role. */
  principal: Principal;
  services: Services;
  streams: StreamWriter;
  log: Log;
  now(): Date;
}
