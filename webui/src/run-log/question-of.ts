import type { RunSummaryFragment } from "@soma/graphql/operations";
import { isErased } from "@soma/schemas/erased-payload";
import { showHidden } from "@soma/schemas/hidden-characters";
import { isRecord } from "@soma/schemas/json";
import { toLine } from "../ui/words.ts";

const TITLE_CHARACTERS = 80;

/** What a run was asked, as it was written. The input is the agent's to define; the assistant's holds a text. */
export function questionOf(input: unknown): string {
  return isRecord(input) && typeof input.text === "string" ? input.text : "";
}

/** What a run was asked, as one line. */
export function titleOf(run: Pick<RunSummaryFragment, "input" | "graph">): string {
  if (isErased(run.input)) return "Erased";
  const line = toLine(showHidden(questionOf(run.input)), TITLE_CHARACTERS);
  return line === "" ? `Run of ${showHidden(run.graph)}` : line;
}
