import { tenantOfTopic } from "../../event-record.ts";

/** Where events tell which trace a run has; the product alone writes it. */
const RUNS = "agent.runs.v1";

export interface ChosenTopics {
  /** Those that have a copy. */
  copied: string[];
  /** Those that are read for the traces of runs alone. */
  learned: string[];
  /** Those that are to be copied, and whose copy is not there. */
  missing: string[];
}

/** The topic beside another one that has its events with their traces. */
export function copyOf(topic: string): string {
  return `${topic}.enriched`;
}

/** Whether a topic tells of runs. */
export function tellsOfRuns(topic: string): boolean {
  return tenantOfTopic(topic, RUNS) !== undefined;
}

/**
 * Which of the topics there are to be read, for copies of those of these names. One whose copy is missing is not read for its
 * traces either: what was read of it would not be copied later.
 */
export function chooseTopics(there: readonly string[], names: readonly string[]): ChosenTopics {
  const all = new Set(there);
  const named = there.filter((topic) => names.some((name) => tenantOfTopic(topic, name) !== undefined)).toSorted();
  const copied = named.filter((topic) => all.has(copyOf(topic)));
  const tenants = new Set(copied.map((topic) => topic.split(".", 2)[1]));
  return {
    copied,
    learned: [...tenants]
      .map((tenant) => `soma.${tenant}.${RUNS}`)
      .filter((topic) => all.has(topic) && !named.includes(topic)),
    missing: named.filter((topic) => !all.has(copyOf(topic))),
  };
}
