import type { EventType } from "@soma/schemas/events";

/** Events that each stand for themselves: the later ones of their key do not wait for one that cannot be delivered. */
const SKIPPED: readonly string[] = ["agent.audit.v1", "agent.tools.v1", "agent.benchmarks.v1"] satisfies EventType[];

/** Whether later events of a key wait behind one of this type that cannot be delivered, until a person has decided. */
export function parksKey(type: string): boolean {
  return !SKIPPED.includes(type);
}
