import { describe, expect, it } from "vitest";
import { describeCalls, MAX_CALLS, numberCalls, toRefusals } from "./number-calls.ts";

const calls = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ id: "theirs", name: `t${at + 1}`, arguments: "{}" }));

describe("numberCalls()", () => {
  it("goes on counting, and makes as many as may be made at once", () => {
    const { asked, made, refused } = numberCalls(calls(MAX_CALLS), 3);
    expect(asked.map(({ id }) => id)).toEqual(Array.from({ length: MAX_CALLS }, (_, at) => `call_${at + 4}`));
    expect([made, refused]).toEqual([asked, []]);
  });

  it("tells the model about each call that is one too many, and drops none", () => {
    const numbered = numberCalls(calls(MAX_CALLS + 2), 0);
    expect(numbered.asked).toHaveLength(MAX_CALLS + 2);
    expect(numbered.made).toEqual(numbered.asked.slice(0, MAX_CALLS));
    const content =
      '{"status":"REFUSED","error":"not called: 18 calls at once are more than 16; ask for it again after these"}';
    expect(toRefusals(numbered.refused)).toEqual([
      { role: "tool", toolCallId: "call_17", content },
      { role: "tool", toolCallId: "call_18", content },
    ]);
    expect(describeCalls(numbered)).toMatch(/^Asked for t1, .*, t16; 2 more not called$/);
    expect(describeCalls(numberCalls(calls(2), 0))).toBe("Asked for t1, t2");
  });

  it("tells the model why a call is not made, which takes no place of one that is", () => {
    const numbered = numberCalls(calls(MAX_CALLS + 1), 0, ({ name }) => (name === "t2" ? "there is no t2" : undefined));
    expect(numbered.made.map(({ name }) => name)).toEqual(
      numbered.asked.map(({ name }) => name).filter((n) => n !== "t2"),
    );
    const content = '{"status":"REFUSED","error":"there is no t2"}';
    expect(toRefusals(numbered.refused)).toEqual([{ role: "tool", toolCallId: "call_2", content }]);
    const none = numberCalls(calls(1), 0, () => "no");
    expect(describeCalls(none)).toBe("Asked for nothing that can be called; 1 more not called");
  });
});
