import { readOutput } from "./json-output.ts";
import { type Heard, listen, toMessage } from "./listen.ts";
import type { ChatEvent, ChatMessage, JsonOutput, ModelUsage } from "./model-client.ts";
import type { StepContext } from "./node.ts";
import { StepError } from "./step-error.ts";

/** Answers to one question, of which one has to fit. */
const MAX_ANSWERS = 3;

export interface HearOutputParams {
  output: JsonOutput & { schema: object };
  /** Asks, with what was said since the question. */
  ask(said: readonly ChatMessage[]): AsyncIterable<ChatEvent>;
  /** Whether calls of the model are made; otherwise its words count. */
  hasTools: boolean;
}

/**
 * An answer of the model in JSON that fits. One that does not is told to the model with its fault, and is a stream that
 * ends CANCELED. `value` is undefined for an answer that only asks for tools.
 */
export async function hearOutput(
  { output, ask, hasTools }: HearOutputParams,
  context: StepContext,
): Promise<{ heard: Heard; value?: unknown }> {
  const said: ChatMessage[] = [];
  let usage: ModelUsage | null = null;
  const isRound = ({ calls, text }: Heard): boolean => calls.length > 0 && (hasTools || text.trim() === "");
  for (let nth = 1; ; nth += 1) {
    const isTaken = (answer: Heard): boolean => isRound(answer) || readOutput(answer.text, output).isFit;
    const heard = await listen(ask(said), context, { nth, isTaken });
    usage = addUsage(usage, heard.usage);
    const notes = nth === 1 ? heard.notes : [...heard.notes, `asked ${nth} times for JSON that fits`];
    const told = { ...heard, usage, notes };
    if (isRound(heard)) return { heard: told };
    const read = readOutput(heard.text, output);
    if (read.isFit) return { heard: told, value: read.value };
    if (heard.reason === "length" || heard.reason === "content_filter" || nth === MAX_ANSWERS)
      throw noFit(output.name, nth, heard.reason === "length" ? CUT : read.fault);
    said.push(withoutCalls(heard), { role: "user", content: toCorrection(read.fault) });
  }
}

/** An answer as the model is shown it again. What its server gave with calls that are not made would have no results. */
function withoutCalls(heard: Heard): ChatMessage {
  return toMessage(heard.calls.length === 0 ? heard : { ...heard, given: undefined }, []);
}

const CUT = "it was cut at the model's limit of tokens; raise maxOutputTokens of the model profile";

function noFit(name: string, count: number, fault: string): StepError {
  const which = count === 1 ? "the model's answer" : `the last of ${count} answers of the model`;
  return new StepError("STEP_REFUSED", `${which} is not the JSON of "${name}" that was asked for: ${fault}`);
}

function toCorrection(fault: string): string {
  return `That answer does not fit the JSON Schema: ${fault}. Answer again with JSON that fits, and with nothing else.`;
}

/** What several answers used; a cost is known where it is known of each, in one currency. */
function addUsage(before: ModelUsage | null, more: ModelUsage | null): ModelUsage | null {
  if (before === null || more === null) return before ?? more;
  const inputTokens = before.inputTokens + more.inputTokens;
  const outputTokens = before.outputTokens + more.outputTokens;
  const cached = [before, more].flatMap(({ cachedInputTokens }) => cachedInputTokens ?? []);
  const cost = addCosts(before.cost, more.cost);
  return {
    ...{ inputTokens, outputTokens },
    ...(cached.length === 0 ? {} : { cachedInputTokens: cached.reduce((sum, each) => sum + each) }),
    ...(cost === undefined ? {} : { cost }),
  };
}

function addCosts(before: string | undefined, more: string | undefined): string | undefined {
  const [amount, currency] = before?.split(" ") ?? [];
  const [added, other] = more?.split(" ") ?? [];
  if (currency === undefined || currency !== other) return undefined;
  return `${(Number(amount) + Number(added)).toFixed(6).replace(/0{1,4}$/, "")} ${currency}`;
}
