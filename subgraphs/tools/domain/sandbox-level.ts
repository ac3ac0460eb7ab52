import type { Isolation, Tool } from "@soma/sdk/define-tool";

/** From the weakest walls to the strongest. */
const LEVELS = ["none", "process", "bubblewrap", "gvisor"] as const satisfies readonly Isolation[];

/** A level that has walls of its own. */
export type SandboxLevel = Exclude<Isolation, "none">;

export const SANDBOX_LEVELS = ["process", "bubblewrap", "gvisor"] as const satisfies readonly SandboxLevel[];

/** The floor as an operator sets it; "best" is the strongest of process and bubblewrap that the machine gives. */
export const FLOORS = ["best", ...SANDBOX_LEVELS] as const;
export type Floor = (typeof FLOORS)[number];

export function isLevel(value: unknown): value is Isolation {
  return LEVELS.some((level) => level === value);
}

/** A tool as far as its walls go. */
export type Walled = Pick<Tool, "isolation" | "risk" | "child">;

/** Whether a tool can be run at a level: code without a module of its own is in the tools process or nowhere. */
export function canRunAt(level: Isolation, tool: Pick<Tool, "child">): boolean {
  return level === "none" || tool.child !== undefined;
}

/**
 * Where a call of a tool runs: the strongest of what the tool asks for, of what its decision obliges to, and, for a tool of
 * medium or high risk that runs in a child, of the operator's floor.
 */
export function levelOf(tool: Walled, obligations: Readonly<Record<string, unknown>>, floor: SandboxLevel): Isolation {
  const asked: Isolation[] = [tool.isolation];
  if (isLevel(obligations.sandbox)) asked.push(obligations.sandbox);
  if (tool.isolation !== "none" && tool.risk !== "low") asked.push(floor);
  return strongest(asked);
}

function strongest(levels: readonly Isolation[]): Isolation {
  return levels.reduce((best, level) => (LEVELS.indexOf(level) > LEVELS.indexOf(best) ? level : best), "none");
}
