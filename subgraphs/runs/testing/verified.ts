import { CHAIN_START, type ChainHead, verifyNext } from "@soma/schemas/run-chain";
import { toChained } from "../domain/chain.ts";
import type { EngineHarness } from "./engine.ts";

/** Verifies a run's history, and gives the head of its chain. */
export async function verifiedHead(harness: EngineHarness, runId: string): Promise<ChainHead> {
  let head: ChainHead = { seq: 0, hash: CHAIN_START };
  for (const event of await harness.history(runId))
    head = await verifyNext(runId, head, { ...event, ...toChained(event) });
  return head;
}
