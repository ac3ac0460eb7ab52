import { RetryLater } from "@soma/shared/errors";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { describe, expect, it } from "vitest";
import { createFrameBounds } from "./frame-bounds.ts";

const ada = aPrincipal({ subject: "user:ada" });
const eve = aPrincipal({ subject: "user:eve" });

/** Bounds whose allowance is empty until it is filled, and frames that last until all are let go. */
function someBounds({ framesPerCaller = 2, frameTurnMs = 60_000, waitMs = 1 } = {}) {
  const seen = { full: true, tries: 0, waits: 0, taken: [] as number[], begun: [] as string[] };
  const gate = Promise.withResolvers<void>();
  const bounds = createFrameBounds({
    limits: { framesPerCaller, frameTurnMs },
    callers: {
      async take(_principal, amount) {
        seen.tries += 1;
        if (!seen.full) throw new RetryLater("too fast", waitMs);
        seen.taken.push(amount);
      },
    },
    onWait: () => {
      seen.waits += 1;
    },
  });
  const use = (principal = ada, { price = 1, signal = new AbortController().signal } = {}) =>
    bounds.use({ principal, price, signal }, async () => {
      seen.begun.push(principal.subject);
      await gate.promise;
      return price;
    });
  return { seen, use, letGo: gate.resolve };
}

describe("createFrameBounds()", () => {
  it("executes as many frames of a caller at once as may be, the others in their turn, and those of others at once", async () => {
    const { seen, use, letGo } = someBounds();
    const frames = [use(), use(), use(), use(eve)];
    await until("three are executed", () => seen.begun.length === 3);
    expect(seen.begun).toEqual(["user:ada", "user:ada", "user:eve"]);
    letGo();
    await Promise.all(frames);
    expect(seen.begun.length).toBe(4);
  });

  it("takes the price of a frame before it is executed, and waits for it as long as the allowance is empty", async () => {
    const { seen, use, letGo } = someBounds();
    letGo();
    seen.full = false;
    const frame = use(ada, { price: 3 });
    await until("it was tried again", () => seen.tries > 2);
    expect(seen).toMatchObject({ waits: 1, taken: [], begun: [] });
    seen.full = true;
    expect(await frame).toBe(3);
    expect(seen).toMatchObject({ waits: 1, taken: [3] });
  });

  it("gives up a frame that nobody waits for, while it waits for the allowance or for its turn", async () => {
    const { seen, use, letGo } = someBounds({ framesPerCaller: 1, waitMs: 60_000 });
    seen.full = false;
    const controller = new AbortController();
    const frames = [use(ada, controller), use(ada, controller)];
    await until("the first waits", () => seen.waits === 1);
    controller.abort(new Error("left"));
    expect((await Promise.allSettled(frames)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(seen).toMatchObject({ tries: 1, begun: [] });
    seen.full = true;
    letGo();
    expect(await use()).toBe(1);
  });

  it("waits for the allowance no longer than a frame may wait", async () => {
    const { seen, use } = someBounds({ frameTurnMs: 5 });
    seen.full = false;
    await expect(use()).rejects.toThrow("too fast");
  });
});
