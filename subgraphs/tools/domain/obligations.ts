import { canRunAt, isLevel, type Walled } from "./sandbox-level.ts";

type Obligations = Readonly<Record<string, unknown>>;

/** What this subgraph can do about an obligation; true when it is met. */
const CAN_MEET: Readonly<Record<string, (wanted: unknown, tool: Pick<Walled, "child">) => boolean>> = {
  /** A lower time limit in milliseconds. */
  timeout_ms: (wanted) => typeof wanted === "number" && Number.isFinite(wanted) && wanted >= 1,
  /** The least sandbox: one that the tool can be put into. Whether this machine can give it is told by its invocation. */
  sandbox: (wanted, tool) => isLevel(wanted) && canRunAt(wanted, tool),
};

/**
 * Names of the obligations that are not met here, those that are not known included: what is not understood is not
 * allowed.
 */
export function findUnmet(obligations: Obligations, tool: Pick<Walled, "child">): string[] {
  return Object.entries(obligations)
    .filter(([name, wanted]) => !(Object.hasOwn(CAN_MEET, name) && CAN_MEET[name]?.(wanted, tool) === true))
    .map(([name]) => name);
}

/**
 * Milliseconds an invocation may take: the tool's limit, lowered by what the call asks for and by the obligation
 * `timeout_ms`. Neither can raise it.
 */
export function limitOf(toolMs: number, callMs: number | undefined, obligations: Obligations): number {
  const obliged = typeof obligations.timeout_ms === "number" ? obligations.timeout_ms : toolMs;
  return Math.max(1, Math.floor(Math.min(toolMs, callMs ?? toolMs, obliged)));
}
