import { StepPromptDocument } from "@soma/graphql/operations";
import { CliError } from "./cli-error.ts";
import type { Product } from "./find-product.ts";
import { print, printJson, safe } from "./print.ts";
import { toStepId } from "./show-step.ts";

/** What the model of a step was sent, as it is kept with the step. */
export async function showPrompt(
  { client, hints }: Product,
  { id, step, json }: { id: string; step: string; json: boolean },
): Promise<void> {
  const { node } = await client.request(StepPromptDocument, { id: toStepId("--prompt", { id, step }) });
  const prompt = node !== null && node !== undefined && "prompt" in node ? node.prompt : undefined;
  if (prompt === null || prompt === undefined)
    throw new CliError(
      `step ${step} of run ${id} keeps no prompt: it asked no model, got no answer, or does not exist; \`${hints.soma} runs show ${id}\` shows its steps`,
      { code: "NOT_FOUND" },
    );
  if (json) return printJson(prompt);
  const { profile, model, params, messages, tools } = prompt;
  print(`profile  ${safe(profile)}\nmodel    ${safe(model)}\nparams   ${safe(JSON.stringify(params))}`);
  print(`tools    ${tools.length === 0 ? "none" : safe(tools.map(({ name }) => name).join(", "))}`);
  for (const { role, text, bytes, sha256, calls, toolCallId } of messages) {
    const about = toolCallId === null || toolCallId === undefined ? "" : ` to ${toolCallId}`;
    print(safe(`\n--- ${role}${about}, ${bytes} bytes, sha256 ${sha256.slice(0, 12)}`));
    if (text !== "") print(safe(text));
    for (const call of calls) print(safe(`calls ${call.name} as ${call.id} with ${call.arguments}`));
  }
}
