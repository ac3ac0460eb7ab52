import { THINKING_CONTENT_TYPE } from "@soma/schemas/run-history";
import { describe, expect, it } from "vitest";
import { listen, summarizeHeard, toMessage, toOutput } from "./listen.ts";
import type { ChatEvent } from "./model-client.ts";
import type { NodeSpec } from "./node.ts";
import { tryStep } from "./testing/step.ts";

async function* saying(events: readonly ChatEvent[]): AsyncGenerator<ChatEvent> {
  yield* events;
}

/** What a step hears of these, and the streams it writes, each with its content type, its text and how it ended. */
async function hear(...events: ChatEvent[]) {
  let heard: Awaited<ReturnType<typeof listen>> | undefined;
  const node: NodeSpec<object> = {
    type: "model",
    async run(_state, context) {
      heard = await listen(saying(events), context);
      return { summary: "" };
    },
  };
  const { frames } = await tryStep(node, { state: {} });
  const streams = [...new Set(frames.map(({ stream }) => stream))].map((name) => {
    const own = frames.filter(({ stream }) => stream === name);
    const text = own.map((frame) => ("data" in frame ? frame.data : "")).join("");
    return [
      own.flatMap((frame) => ("content_type" in frame ? [frame.content_type] : [])).join(),
      text,
      own.flatMap((frame) => ("status" in frame ? [frame.status] : [])).join(),
    ];
  });
  return { heard, streams };
}

const text = (delta: string): ChatEvent => ({ type: "text", delta });
const given = { by: "m at there", fields: { reasoning_content: "hm" } };
const finish = { type: "finish", reason: "length", usage: null, given } as const;

describe("listen()", () => {
  it("tells thinking from the answer, in a stream of its own, and keeps how it ended and what was given", async () => {
    const { heard, streams } = await hear(
      { type: "note", text: "asked without tools" },
      { type: "thinking", delta: "hm" },
      text("yes"),
      { ...finish },
    );
    expect(streams).toEqual([
      [THINKING_CONTENT_TYPE, "hm", "OK"],
      ["text/markdown", "yes", "OK"],
    ]);
    expect(heard).toMatchObject({
      text: "yes",
      thinking: "hm",
      reason: "length",
      given,
      notes: ["asked without tools"],
    });
    if (heard === undefined) throw new Error("nothing was heard");
    expect(summarizeHeard(heard, "Answered")).toBe(
      "Answered; the answer was cut at the model's limit of tokens; asked without tools",
    );
    expect(toMessage(heard, [])).toEqual({ role: "assistant", content: "yes", given });
  });

  it("keeps who answered in place of whom, and why those did not", async () => {
    const by = { profile: "small", provider: "p", model: "s-1", isAi: true };
    const passedOver = [{ profile: "big", code: "TIMEOUT", message: "too slow" }];
    const client = { profile: "big", provider: "p", model: "b-1", isAi: true, chat: () => saying([]) };
    const { heard } = await hear({ type: "answeredBy", by, passedOver }, text("yes"), { ...finish, reason: "stop" });
    const alone = (await hear(text("yes"), { ...finish, reason: "stop" })).heard;
    if (heard === undefined || alone === undefined) throw new Error("nothing was heard");
    expect(toOutput(client, heard, [])).toEqual({ ...by, text: "yes", toolCalls: [], usage: null, passedOver });
    expect(toOutput(client, alone, [])).toMatchObject({ profile: "big", model: "b-1" });
    expect(toOutput(client, alone, [])).not.toHaveProperty("passedOver");
    expect(summarizeHeard(heard, "Answered")).toBe("Answered; small answered in place of big");
    expect(summarizeHeard({ ...heard, answeredBy: { ...by, profile: "big" } }, "Answered")).toBe("Answered");
  });

  it("begins the answer anew when what came so far was thinking", async () => {
    const { heard, streams } = await hear(text("hm"), { type: "answerBegins" }, text("yes"), { ...finish });
    expect(heard).toMatchObject({ text: "yes", thinking: "hm" });
    expect(streams).toEqual([
      ["text/markdown", "hm", "CANCELED"],
      ["text/markdown", "yes", "OK"],
    ]);
    expect((await hear({ type: "answerBegins" }, text("yes"), { ...finish })).streams).toHaveLength(1);
  });
});
