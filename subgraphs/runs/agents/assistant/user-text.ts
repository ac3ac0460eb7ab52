import type { JsonObject } from "@soma/schemas/json";

/** The message a run of the assistant answers; start-run.ts has checked that the input has it. */
export function userText(input: JsonObject): string {
  if (typeof input.text === "string") return input.text;
  throw new Error("the run's input has no text");
}
