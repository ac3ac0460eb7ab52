import type { Contender } from "./contender.ts";
import { startOurs } from "./ours.ts";
import { openDbos } from "./peers/dbos.ts";
import { openGraphileWorker } from "./peers/graphile-worker.ts";
import { openLangGraph } from "./peers/langgraph.ts";
import { openOpenWorkflow } from "./peers/openworkflow.ts";
import { openRestate } from "./peers/restate.ts";

/** Whoever takes part, under the name by which it is chosen. Each opens in a database of its own. */
export const CONTENDERS = {
  ours: { label: "ours", keepsIn: "postgres", open: () => startOurs("effect") },
  pure: { label: "ours, pure steps", keepsIn: "postgres", open: () => startOurs("pure") },
  restate: { label: "Restate 1.7.12", keepsIn: "files", open: openRestate },
  dbos: { label: "DBOS 5.3.0", keepsIn: "postgres", open: openDbos },
  langgraph: { label: "LangGraph 1.7.3, PostgresSaver, `sync`", keepsIn: "postgres", open: openLangGraph },
  graphile: { label: "graphile-worker 0.18.0", keepsIn: "postgres", open: openGraphileWorker },
  openworkflow: { label: "OpenWorkflow 0.10.1", keepsIn: "postgres", open: openOpenWorkflow },
} as const satisfies Record<
  string,
  { label: string; keepsIn: "postgres" | "files"; open(url: string): Promise<Contender> }
>;

export type ContenderName = keyof typeof CONTENDERS;
