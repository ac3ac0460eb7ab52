import type { Embedded } from "@soma/sdk/embedding-client";
import type { ModelUsage } from "@soma/sdk/model-client";
import { showAmount } from "../domain/spending.ts";
import { readUsage } from "./read-usage.ts";

const COST = /^(\d+\.\d+) ([A-Z]{3})$/;

/** What several calls made, as if it were one; what one of them does not tell is not known of all. */
export function joinedVectors(parts: readonly Embedded[]): Embedded {
  const usages = parts.flatMap(({ usage }) => usage ?? []);
  const isKnown = usages.length === parts.length;
  const [first] = parts;
  return {
    vectors: parts.flatMap(({ vectors }) => vectors),
    usage: isKnown ? joinedUsage(usages) : null,
    ...(first?.response === undefined ? {} : { response: first.response }),
  };
}

function joinedUsage(usages: readonly ModelUsage[]): ModelUsage | null {
  const tokens = usages.reduce((sum, { inputTokens }) => sum + inputTokens, 0);
  const costs = usages.flatMap(({ cost }) => COST.exec(cost ?? "") ?? []);
  const usage = readUsage(tokens, 0);
  if (usage === null || costs.length === 0) return usage;
  const amounts = usages.map(({ cost = "" }) => Math.round(Number(COST.exec(cost)?.[1] ?? 0) * 1_000_000));
  const money = amounts.reduce((sum, amount) => sum + amount, 0);
  return { ...usage, cost: `${showAmount("money", money)} ${costs[2]}` };
}
