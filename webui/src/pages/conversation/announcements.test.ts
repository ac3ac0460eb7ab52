import { THINKING_CONTENT_TYPE } from "@soma/schemas/run-history";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { reduce } from "../../run-log/reduce.ts";
import { end, history, type Line, modelText, started, WHOLE_RUN } from "../../run-log/testing/history.ts";
import { EMPTY_VIEW } from "../../run-log/view.ts";
import { NOTHING_SPOKEN, toAnnouncements } from "./announcements.ts";
import { createSpeaker } from "./speaker.ts";

/** What is said when the events come one by one. */
function say(lines: readonly Line[]): string[] {
  let view = EMPTY_VIEW;
  let spoken = NOTHING_SPOKEN;
  return history(lines).flatMap((event) => {
    view = reduce(view, [event]);
    const next = toAnnouncements(spoken, view);
    spoken = next.spoken;
    return next.sentences;
  });
}

describe("toAnnouncements()", () => {
  test("toAnnouncements() tells a run as texts, tools and its end", () => {
    expect(say(WHOLE_RUN)).toEqual([
      "I shall calculate.",
      "Tool calculate: Running.",
      "Tool calculate: Succeeded.",
      "It is 42.",
      "The run is finished.",
    ]);
  });

  test("toAnnouncements() waits for whole sentences, however the text is cut", () => {
    const text = modelText("1 model", "s", ["One", " two. Thr", "ee? Fo", "ur\n\nFi", "ve"]);
    expect(say([started, ...text])).toEqual(["One two.", "Three?", "Four"]);
    expect(say([started, ...text, end("1 model", "s", "OK")])).toEqual(["One two.", "Three?", "Four", "Five"]);
  });

  test("toAnnouncements() does not tell what the model thinks", () => {
    const thought = modelText("1 model", "t", ["Let me see. "], 1, THINKING_CONTENT_TYPE);
    expect(say([started, ...thought, ...modelText("1 model", "s", ["Yes. "])])).toEqual(["Yes."]);
  });

  test("toAnnouncements() leaves out marks and the insides of code", () => {
    const text = modelText("1 model", "s", ["See **[this](https://a.test)**:\n```js\nlet a;\n```\nDone. "]);
    expect(say([started, ...text])).toEqual(["See this: code block. Done."]);
  });

  test.each(["```", "````", "~~~~~"])("toAnnouncements() leaves out the inside of a fence of %s", (fence) => {
    const inner = fence.startsWith("`") ? "``" : "```";
    const text = modelText("1 model", "s", [`See:\n${fence}\n${inner}\nlet a;\n${inner}\n${fence}\nDone. `]);
    expect(say([started, ...text])).toEqual(["See: code block. Done."]);
  });

  test("toAnnouncements() says of a run that is not all well what was not", () => {
    const failed: Line = ["STEP_SUCCEEDED", "1 tool", { output: { tool: "fetch", status: "FAILED" } }];
    expect(say([started, failed, ["RUN_SUCCEEDED", null, { answer: "" }]]).at(-1)).toBe(
      "The run is finished, with 1 call failed.",
    );
  });

  test.each([
    ["## Title\n\n> said\n\n", "Title said"],
    ["**42** is _it_, **yes**. ", "42 is it, yes."],
    ["`6*7` and snake_case stay. ", "6*7 and snake_case stay."],
  ])("toAnnouncements() says %j as %j", (text, said) => {
    expect(say([started, ...modelText("1 model", "s", [text])])).toEqual([said]);
  });

  test("toAnnouncements() tells a denied tool and a failed run with the reason", () => {
    const lines: Line[] = [
      started,
      ["STEP_DENIED", "1 policy", { output: { tool: "code_run", allow: false, reason: "no" } }],
      ["RUN_FAILED", null, { error: { code: "X", message: "no model" } }],
    ];
    expect(say(lines)).toEqual(["Tool code_run: Denied by policy.", "The run failed: no model."]);
  });
});

describe("createSpeaker()", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("createSpeaker() speaks at once and then at most every 2 seconds", () => {
    const said: string[] = [];
    const speaker = createSpeaker((text) => said.push(text));
    speaker.say(["One."]);
    for (let at = 0; at < 20; at += 1) {
      speaker.say([`At ${at}.`]);
      vi.advanceTimersByTime(100);
    }
    expect(said).toEqual(["One.", Array.from({ length: 20 }, (_, at) => `At ${at}.`).join(" ")]);
    speaker.say(["Later."]);
    vi.advanceTimersByTime(1_999);
    expect(said).toHaveLength(2);
    vi.advanceTimersByTime(1);
    expect(said[2]).toBe("Later.");
    speaker.close();
  });

  test("createSpeaker() says only the newest of what has become too long", () => {
    const said: string[] = [];
    const speaker = createSpeaker((text) => said.push(text));
    speaker.say(["a".repeat(5_000), "The end."]);
    expect(said[0]).toHaveLength(602);
    expect(said[0]?.endsWith("The end.")).toBe(true);
    speaker.close();
  });

  test("createSpeaker() says every answer whole, in order, when another one follows before its turn", () => {
    const said: string[] = [];
    const speaker = createSpeaker((text) => said.push(text));
    const answers = ["a", "b", "c"].map((letter) => `${letter.repeat(500)}.`);
    speaker.say(["Now."]);
    for (const answer of answers) speaker.say([answer]);
    vi.advanceTimersByTime(6_000);
    expect(said).toEqual(["Now.", ...answers]);
    speaker.close();
  });

  test("createSpeaker() lets no more wait than can be heard, and says where it left something out", () => {
    const said: string[] = [];
    const speaker = createSpeaker((text) => said.push(text));
    for (let at = 0; at < 100; at += 1) speaker.say([`${at}${"x".repeat(500)}`]);
    vi.advanceTimersByTime(600_000);
    expect(said).toHaveLength(21);
    expect([said[0], said[1], said[2]].map((text) => text?.replace(/x+$/, ""))).toEqual(["0", "… 80", "81"]);
    expect(said.at(-1)).toMatch(/^99x/);
    speaker.close();
  });

  test("createSpeaker() says nothing after it is closed", () => {
    const said: string[] = [];
    const speaker = createSpeaker((text) => said.push(text));
    speaker.say(["One."]);
    speaker.say(["Two."]);
    speaker.close();
    vi.advanceTimersByTime(10_000);
    expect(said).toEqual(["One."]);
  });
});
