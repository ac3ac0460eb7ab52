import { setTimeout as sleep } from "node:timers/promises";
import { SomaRequestError } from "@soma/graphql/client";
import { SendMessageDocument } from "@soma/graphql/operations";
import { newId } from "@soma/shared/ids";
import type { ProductUnderTest } from "./product.ts";

const CLIENTS = 4;
const PAUSE_MS = 200;
const LIMIT_MS = 10_000;
/** A run may be cut a few times before it ends, on a busy machine. */
const RUN_MS = 60_000;

export interface Load {
  /** Runs whose start was acknowledged, by the mark that their note has. */
  acknowledged: Map<string, string>;
  /** How many of them have ended. */
  ended(): number;
  /** What clients were told that no client may be told: try no more. */
  finalErrors: string[];
  /** Ends when the last run of each client has. */
  stop(): Promise<void>;
}

/**
 * Clients that send one message after the other, each under its idempotency key until it is acknowledged, and wait for its
 * run to end, so that there is always a run of each under way.
 */
export function startLoad(product: ProductUnderTest): Load {
  const acknowledged = new Map<string, string>();
  const finalErrors: string[] = [];
  let ended = 0;
  let stopped = false;

  /** The run's id; undefined when the client was told that it should not try again. */
  async function send(mark: string): Promise<string | undefined> {
    const input = { text: `note: ${mark}. And what is 6*7?`, idempotencyKey: newId() };
    for (;;) {
      try {
        const { sendMessage } = await product.client().request(SendMessageDocument, { input }, { timeoutMs: LIMIT_MS });
        acknowledged.set(mark, sendMessage.run.id);
        return sendMessage.run.id;
      } catch (error) {
        if (!(error instanceof SomaRequestError) || !error.retryable) {
          finalErrors.push(`${mark}: ${String(error)}`);
          return undefined;
        }
        await sleep(PAUSE_MS);
      }
    }
  }

  async function client(name: number): Promise<void> {
    for (let count = 1; !stopped; count += 1) {
      const runId = await send(`mark-${name}-${count}-end`);
      if (runId === undefined) return;
      await product.ended(runId, RUN_MS);
      ended += 1;
    }
  }

  const clients = Array.from({ length: CLIENTS }, (_, i) => client(i + 1));
  return {
    acknowledged,
    finalErrors,
    ended: () => ended,
    async stop() {
      stopped = true;
      await Promise.all(clients);
    },
  };
}
