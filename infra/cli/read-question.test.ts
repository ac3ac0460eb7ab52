import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { readQuestion } from "./read-question.ts";

const piped = (...parts: string[]) => Readable.from(parts.map((part) => Buffer.from(part)));
const terminal = Object.assign(piped("typed"), { isTTY: true });

describe("readQuestion()", () => {
  it("takes the text, and leaves what is piped in alone", async () => {
    expect(await readQuestion("What?", piped("other"))).toBe("What?");
  });

  it.each([["-"], [undefined]])("reads what is piped in when the text is %s", async (text) => {
    const [first, second] = [Buffer.from("é").subarray(0, 1), Buffer.from("é").subarray(1)];
    expect(await readQuestion(text, Readable.from([Buffer.from("caf"), first, second, Buffer.from("?\n")]))).toBe(
      "café?",
    );
  });

  it.each([
    ["on a terminal", terminal, /say what to ask, or pipe it in/],
    ["when nothing comes", piped(" \n"), /nothing was piped in/],
    ["when too much comes", piped("x".repeat(600_000), "x".repeat(600_000)), /longer than 1000000 bytes/],
  ])("says how to ask %s", async (_, stdin, message) => {
    await expect(readQuestion(undefined, stdin)).rejects.toMatchObject({
      code: "BAD_INPUT",
      exitCode: 2,
      message: expect.stringMatching(message),
    });
  });
});
