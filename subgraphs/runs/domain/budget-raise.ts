import { isRecord, type Json } from "@soma/schemas/json";
import { SomaError } from "@soma/shared/errors";
import { type BudgetKey, MEASURES, type Measure, toMillionths } from "./spending.ts";

/** By how much one measure of a budget is raised. */
export interface BudgetRaise extends BudgetKey {
  measure: Measure;
  raise: number;
}

const SCOPES = ["tenant", "role", "agent", "run"] as const;

/** What a question of the engine asks to raise, as the history tells it; undefined when that cannot be read. */
export function askedRaise(details: Json): BudgetRaise | undefined {
  const budget = isRecord(details) && isRecord(details.budget) ? details.budget : {};
  const { name, daily, raise } = budget;
  const scope = SCOPES.find((each) => each === budget.scope);
  const measure = MEASURES.find((each) => each === budget.measure);
  if (scope === undefined || measure === undefined || typeof name !== "string") return undefined;
  if (typeof daily !== "boolean" || typeof raise !== "number" || !Number.isSafeInteger(raise)) return undefined;
  return { scope, name, daily, measure, raise };
}

/** Whether both are about the same budget and measure. */
export function isSameBudget(one: BudgetRaise, other: BudgetRaise): boolean {
  return (
    one.scope === other.scope && one.name === other.name && one.daily === other.daily && one.measure === other.measure
  );
}

const MONEY = /^[0-9]{1,9}(\.[0-9]{1,6})?$/;
const COUNT = /^[0-9]{1,15}$/;

/** An amount as somebody wrote it, as a whole number; money in millionths. Throws BAD_INPUT. */
export function parseAmount(measure: Measure, text: string): number {
  if (measure === "money") {
    if (MONEY.test(text)) return toMillionths(Number(text));
    throw new SomaError(
      "BAD_INPUT",
      `"${text.slice(0, 40)}" is no amount of money; write it as 0.50, to a millionth at most`,
    );
  }
  if (COUNT.test(text)) return Number(text);
  throw new SomaError("BAD_INPUT", `"${text.slice(0, 40)}" is no number of ${measure}; write it as 1000`);
}
