import type { Intent } from "./intent.ts";
import { swapPersons } from "./person.ts";
import { toQuote } from "./text.ts";

/** What came back from a tool, as the engine writes it into the tool's message. */
export type ToolResult =
  | { status: "ok"; output: string; truncated: boolean }
  | { status: "denied"; reason: string }
  | { status: "failed"; reason: string };

export interface PlannedCall {
  tool: string;
  args: Record<string, unknown>;
  /** What will be done, for "I will ...". */
  will: string;
  /** What was done, from the tool's output. */
  did(output: string): string;
}

/** The tool call an intent needs; undefined when it needs none. */
export function toCall(intent: Intent): PlannedCall | undefined {
  switch (intent.kind) {
    case "calculate": {
      const { expression } = intent;
      return {
        tool: "calculate",
        args: { expression },
        will: `calculate ${expression}`,
        did: (output) => `${expression} = ${output}.`,
      };
    }
    case "time": {
      const { timeZone, place } = intent;
      if (place !== null) return undefined;
      const where = timeZone === null ? "" : ` in ${timeZone}`;
      return {
        tool: "clock",
        args: timeZone === null ? {} : { timezone: timeZone },
        will: `look up the time${where}`,
        did: (output) => `The time is ${output}.`,
      };
    }
    case "remember": {
      const said = `${intent.clause ? " that" : ":"} ${toQuote(swapPersons(intent.text))}`;
      return {
        tool: "remember",
        args: { text: intent.text },
        will: `remember${said}`,
        did: () => `I remembered${said}.`,
      };
    }
    case "fetch":
      return {
        tool: "http_fetch",
        args: { url: intent.url },
        will: `fetch ${toQuote(intent.url)}`,
        did: (output) => `Here is ${toQuote(intent.url)}:${toBlock(output)}`,
      };
    case "note":
      return {
        tool: "note_append",
        args: { text: intent.text },
        will: "add a note",
        did: () => `I noted: ${toQuote(intent.text)}.`,
      };
    case "code":
      return {
        tool: "code_run",
        args: { code: intent.code },
        will: "run the code",
        did: (output) => (output === "" ? "The code ran and printed nothing." : `The code printed:${toBlock(output)}`),
      };
    case "ask":
    case "tellAbout":
    case "greeting":
    case "thanks":
    case "help":
    case "unknown":
      return undefined;
  }
}

/** A Markdown block; its fence is longer than any run of backticks inside. Fenced, it is also no fact when the answer is remembered. */
function toBlock(output: string): string {
  const longest = Math.max(2, ...(output.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  return `\n\n${fence}\n${output}\n${fence}`;
}
