import type { Isolation } from "@soma/sdk/define-tool";
import type { Guard } from "./guard.ts";
import { inlineExecutor } from "./inline-executor.ts";
import type { Offer, Sandboxes } from "./open-sandboxes.ts";
import { createProcessExecutor } from "./process-executor.ts";
import type { ToolExecutor } from "./tool-executor.ts";

/** An executor for every level. One that this machine does not give runs nothing, and says why and what to do about it. */
export function createExecutors(guard: Guard, { offers }: Pick<Sandboxes, "offers">): Record<Isolation, ToolExecutor> {
  return {
    none: inlineExecutor,
    process: executorOf(guard, "process", offers.process),
    bubblewrap: executorOf(guard, "bubblewrap", offers.bubblewrap),
    gvisor: executorOf(guard, "gvisor", offers.gvisor),
  };
}

function executorOf(guard: Guard, level: string, offer: Offer): ToolExecutor {
  if ("sandbox" in offer) return createProcessExecutor(guard, offer.sandbox);
  return {
    async execute({ tool }) {
      const message = `${tool.name} was not run: it needs the sandbox ${level}, and ${offer.missing}`;
      return { kind: "ERROR", type: "no_sandbox", message };
    },
  };
}
