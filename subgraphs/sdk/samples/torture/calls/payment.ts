import type { Reconciled } from "@soma/sdk/at-most-once";
import { callOnce } from "@soma/sdk/call-tool";
import type { NodeResult, StepContext } from "@soma/sdk/node";
import { StepError } from "@soma/sdk/step-error";
import type { Order } from "../ledger/order.ts";

/** What an agent that pays keeps: its order, and how it knows that this was paid. */
export interface Paying extends Order {
  readonly how: string;
}

/** Each attempt is a call of its own: another one is only begun when it is known that nothing came of those before. */
export const keyOf = (what: string, { stepId, attempt, wakes }: StepContext): string =>
  `${stepId}:${what}:${attempt}.${wakes}`;

/** Pays, and leaves it open whether that was done when there is no good answer. */
export async function pay({ order, fault }: Paying, context: StepContext): Promise<NodeResult<Paying>> {
  const idempotencyKey = keyOf("pay", context);
  const { failure, told } = await callOnce({ name: "pay_once", args: { order, fault }, idempotencyKey }, context);
  if (failure !== undefined) throw new StepError("STEP_FAILED", `pay_once ended ${failure.status}: ${failure.reason}`);
  return { ...told, patch: { how: "paid" } };
}

/** Asks the bank whether it was paid. */
export async function findPayment({ order }: Paying, context: StepContext): Promise<Reconciled<Paying>> {
  const idempotencyKey = keyOf("find", context);
  const called = await callOnce({ name: "find_payment", args: { order }, idempotencyKey }, context);
  if (called.failure !== undefined) throw new StepError("UNAVAILABLE", `the bank: ${called.failure.reason}`);
  return called.output === "paid" ? { ...called.told, patch: { how: "found" } } : "NOT_DONE";
}
