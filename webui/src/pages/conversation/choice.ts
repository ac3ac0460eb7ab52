import type { RunSummaryFragment } from "@soma/graphql/operations";
import { isErased } from "@soma/schemas/erased-payload";
import { showHidden } from "@soma/schemas/hidden-characters";
import { questionOf } from "../../run-log/question-of.ts";

/** Whom the next message goes to; what is empty is left to the server. */
export interface Choice {
  agent: string;
  role: string;
  model: string;
}

/** What `sendMessage` of the API starts. */
export const ASSISTANT = "assistant";

/** What the part of an address after `?` chooses. */
export function parseChoice(search: string): Choice {
  const params = new URLSearchParams(search);
  const of = (name: keyof Choice): string => params.get(name) ?? "";
  return { agent: of("agent"), role: of("role"), model: of("model") };
}

/** The same part with other choices in it; what else it says stays. */
export function withChoice(search: string, choice: Choice): string {
  const params = new URLSearchParams(search);
  for (const [name, value] of Object.entries(choice))
    if (value === "") params.delete(name);
    else params.set(name, value);
  return params.size === 0 ? "" : `?${params}`;
}

/** Longer ones are no question that somebody would want to have ready. */
const MAX_READY = 2_000;

/** A question that the address has ready, for people to send or not; none where some of it would not be seen. */
export function readyText(search: string): string {
  const text = new URLSearchParams(search).get("text") ?? "";
  return text.length <= MAX_READY && showHidden(text) === text ? text : "";
}

/** The agent that is chosen, else the one that was asked last, if it was asked in words. */
export function agentFor({ agent }: Choice, newest: Pick<RunSummaryFragment, "graph" | "input"> | undefined): string {
  if (agent !== "") return agent;
  return newest === undefined || isErased(newest.input) || questionOf(newest.input) === "" ? ASSISTANT : newest.graph;
}
