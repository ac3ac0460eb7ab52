import type { Principal } from "@soma/shared/identity/principal";
import type { RequestTrace } from "./request-trace.ts";

/** What one operation carries to the subgraphs. */
export interface OperationContext {
  principal: Principal;
  trace: RequestTrace;
  /** Aborts when nobody waits for the answer any more. It ends what is read; a mutation is finished once it has begun. */
  signal: AbortSignal;
}
