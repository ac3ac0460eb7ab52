import { hash } from "node:crypto";
import { type ChainedEvent, chainText, payloadText } from "@soma/schemas/run-chain";
import type { HistoryEvent } from "./history.ts";
import { stepIdOf } from "./history.ts";

const sha256 = (text: string): string => hash("sha256", text, "hex");

/**
 * Fills in the digests of an event that follows `prevHash`; the rule itself is in @soma/schemas/run-chain. `text` is the
 * payload's, for whoever has it already.
 */
export function chain(
  prevHash: string,
  event: Omit<HistoryEvent, "hash" | "payloadHash">,
  text = payloadText(event.payload),
): HistoryEvent {
  const payloadHash = sha256(text);
  return {
    ...event,
    payloadHash,
    hash: sha256(chainText(event.runId, prevHash, { ...toChained(event), payloadHash })),
  };
}

/** The metadata of an event as the chain and clients see it. */
export function toChained(event: Omit<HistoryEvent, "hash" | "payloadHash">): Omit<ChainedEvent, "payloadHash"> {
  return {
    seq: event.seq,
    at: event.at.toISOString(),
    type: event.kind,
    stepId: event.step === 0 ? null : stepIdOf(event.runId, event.step),
    nodeId: event.node,
    attempt: event.step === 0 ? null : event.attempt,
  };
}
