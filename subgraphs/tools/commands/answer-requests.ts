import { backoffMs } from "@soma/shared/backoff";
import type { Log } from "@soma/shared/log";
import { type Loop, startLoop } from "@soma/shared/loop";
import { claimRequests } from "../store/claim-requests.ts";
import type { ToolRequest } from "../store/insert-request.ts";
import { postponeRequest } from "../store/postpone-request.ts";
import { type AnswerRequestDeps, answerRequest } from "./answer-request.ts";

const INTERVAL_MS = 1_000;
/** A process that is gone is not waited for longer; one that lives takes what it answers anew in each round. */
const LEASE_MS = 30_000;
const RETRY = { initialMs: 500, maxMs: 30_000 };

export interface AnswerRequestsDeps extends AnswerRequestDeps {
  log: Log;
  /** How many are answered at a time. */
  concurrency: number;
}

/** Answers what was asked for on the bus, the longest waiting first; what cannot be answered yet is tried again. */
export function startAnsweringRequests(deps: AnswerRequestsDeps): Loop {
  const { worker, log, concurrency } = deps;
  const answering = new Map<string, ToolRequest>();
  const failures = new Map<string, number>();

  async function answer(key: string, request: ToolRequest): Promise<void> {
    try {
      await answerRequest(deps, request);
      failures.delete(key);
    } catch (error) {
      const times = (failures.get(key) ?? 0) + 1;
      failures.set(key, times);
      const { tenant, invocationId, tool } = request;
      log.warn({ err: error, tenant, invocation_id: invocationId, tool, times }, "a request for a tool waits");
      await postponeRequest(worker, { ...request, afterMs: backoffMs(RETRY, times) }).catch(() => {});
    } finally {
      answering.delete(key);
      loop.wake();
    }
  }

  const loop = startLoop({ name: "tools-requests", intervalMs: INTERVAL_MS, log }, async () => {
    const limit = concurrency - answering.size;
    const claimed = await claimRequests(worker, { kept: [...answering.values()], limit, leaseMs: LEASE_MS });
    for (const request of claimed) {
      const key = `${request.tenant}/${request.invocationId}`;
      answering.set(key, request);
      void answer(key, request);
    }
    return false;
  });
  return loop;
}
