import type { Json } from "@soma/shared/json";

/** The message a run of the assistant answers; start-run.ts has checked that the input has it. */
export function userText(input: Json): string {
  if (typeof input === "object" && input !== null && !Array.isArray(input) && typeof input.text === "string")
    return input.text;
  throw new Error("the run's input has no text");
}
