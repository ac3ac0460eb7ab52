import { StepError } from "@soma/sdk/step-error";
import { parking } from "../graphs/parking.ts";

/** Fails once, and is asked to leave the other side alone for a while. */
export default parking("retry", {
  type: "flaky",
  run({ until }, { attempt, now }) {
    if (attempt > 1) return { summary: "it answered" };
    const retryAfterMs = Date.parse(until) - now().getTime();
    throw new StepError("STEP_FAILED", "the other side asks for patience", { retryAfterMs });
  },
});
