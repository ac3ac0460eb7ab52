import { once } from "node:events";
import { ToolError } from "@soma/sdk/define-tool";

/** How the answer of a call is lost, after what it does was committed. */
export type Fault = "throw" | "hang" | "die" | "none";

/** Loses the answer of the first call, and of none that comes again: each run has to come to its end. */
export async function loseAnswer(fault: Fault, times: number, signal: AbortSignal): Promise<void> {
  if (times > 1 || fault === "none") return;
  if (fault === "throw") throw new ToolError("answer_lost", "it was done, and the answer was lost");
  if (fault === "die") process.kill(process.pid, "SIGKILL");
  if (!signal.aborted) await once(signal, "abort");
}
