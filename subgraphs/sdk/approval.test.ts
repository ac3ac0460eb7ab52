import { describe, expect, it } from "vitest";
import { approval } from "./approval.ts";
import { StepError } from "./step-error.ts";
import { tryStep } from "./testing/step.ts";

const EIGHT = new Date("2026-01-02T08:00:00Z");
const decision = { by: "DECISION", approved: true, comment: null, decidedBy: "user:bob" } as const;

describe("approval()", () => {
  const ask = ({ amount }: { amount: number }) => ({ question: `Refund ${amount}?`, details: { amount } });
  const approved = ({ decidedBy }: { decidedBy: string }) => ({ summary: `allowed by ${decidedBy}` });
  const state = { amount: 40 };

  it("asks what the state says, of whom and until when it is told", async () => {
    const { parked } = await tryStep(approval({ ask, approved }), { state });
    expect(parked).toEqual({
      parkedForApproval: { question: "Refund 40?", details: { amount: 40 } },
      summary: "Refund 40?",
    });
    const strict = approval({ ask, approved, role: "finance", byAnother: true, until: () => EIGHT });
    expect((await tryStep(strict, { state })).parked).toMatchObject({
      parkedUntil: EIGHT,
      parkedForApproval: { role: "finance", byAnother: true },
    });
  });

  it("comes to what was decided; a step that is refused, or that nobody decides in time, fails unless told otherwise", async () => {
    const node = approval({ ask, approved });
    const resultOf = async (woken: Parameters<typeof tryStep>[1]["context"], of = node) =>
      (await tryStep(of, { state, context: woken ?? {} })).result;
    expect(await resultOf({ woken: decision })).toEqual({ summary: "allowed by user:bob" });
    const refused = { ...decision, approved: false, comment: "too much" };
    const failure = (message: string) => new StepError("STEP_REFUSED", message);
    await expect(resultOf({ woken: refused })).rejects.toThrow(failure("refused by user:bob: too much"));
    const silent = { ...refused, comment: null };
    await expect(resultOf({ woken: silent })).rejects.toThrow(failure("refused by user:bob"));
    await expect(resultOf({ woken: { by: "TIME" } })).rejects.toThrow(failure("nobody decided in time"));
    const told = approval({
      ...{ ask, approved },
      refused: ({ comment }) => ({ summary: `no: ${comment}` }),
      late: () => ({ summary: "late" }),
    });
    expect([await resultOf({ woken: refused }, told), await resultOf({ woken: { by: "TIME" } }, told)]).toEqual([
      { summary: "no: too much" },
      { summary: "late" },
    ]);
  });
});
