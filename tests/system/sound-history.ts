import { RunEventsPageDocument } from "@soma/graphql/operations";
import { CHAIN_START, type ChainHead, verifyNext } from "@soma/schemas/run-chain";
import { expect } from "vitest";
import type { ProductUnderTest } from "./product.ts";

/** Contiguous, chained, one end for every stream that began, and no step that ended twice. */
export async function expectSoundHistory(product: ProductUnderTest, runId: string, told: string): Promise<void> {
  const { runEventsPage } = await product.client().request(RunEventsPageDocument, { runId, afterSeq: 0, limit: 1_000 });
  let head: ChainHead = { seq: 0, hash: CHAIN_START };
  const streams: Record<string, number> = {};
  for (const event of runEventsPage.events) {
    head = await verifyNext(runId, head, {
      ...event,
      stepId: event.stepId ?? null,
      nodeId: event.nodeId ?? null,
      attempt: event.attempt ?? null,
    });
    const { stream } = event.payload as { stream?: string };
    if (event.type === "STREAM_START") streams[stream ?? ""] = (streams[stream ?? ""] ?? 0) + 1;
    if (event.type === "STREAM_END") streams[stream ?? ""] = (streams[stream ?? ""] ?? 0) - 1;
  }
  const open = Object.values(streams).filter((count) => count !== 0);
  expect(open, `${told}: ${JSON.stringify(streams)}`).toEqual([]);
  const finished = runEventsPage.events
    .filter((event) => event.type === "STEP_SUCCEEDED")
    .map((event) => event.stepNumber);
  expect(new Set(finished).size, told).toBe(finished.length);
}
