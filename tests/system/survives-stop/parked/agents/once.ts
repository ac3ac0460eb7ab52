import { atMostOnce } from "@soma/sdk/at-most-once";
import { callOnce } from "@soma/sdk/call-tool";
import { StepError } from "@soma/sdk/step-error";
import { type Order, parking } from "../graphs/parking.ts";

/** Pays a deposit whose answer is lost, and cannot find out what became of it. */
export default parking(
  "once",
  atMostOnce<Order>({
    type: "deposit",
    openMs: 0,
    async run({ order }, context) {
      const idempotencyKey = `${context.stepId}:deposit:${context.attempt}.${context.wakes}`;
      const args = { order: `${order}/deposit`, isLost: true };
      const { failure } = await callOnce({ name: "pay", args, idempotencyKey }, context);
      throw new StepError("STEP_FAILED", `the deposit ended ${failure?.status ?? "well"}`);
    },
    done: ({ decidedBy }) => ({ summary: `paid, says ${decidedBy}` }),
  }),
);
