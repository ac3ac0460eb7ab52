import type { Command } from "commander";
import type { CommandContext } from "../find-product.ts";
import { toJournals } from "../option-values.ts";
import { toInstant } from "../runs-filter.ts";
import { evalInput } from "./eval-input.ts";
import { explainDecision } from "./explain-decision.ts";
import { exportDecisions } from "./export-decisions.ts";
import type { Span } from "./recorded-lines.ts";
import { replayDecisions } from "./replay-decisions.ts";
import { verifyDecisions } from "./verify-decisions.ts";

/** The commands about what the policy decided. */
export function addPolicy(program: Command, { product, json }: CommandContext): void {
  const policy = program.command("policy").description("what the policy decided, and would decide");
  withSpan(policy.command("export"))
    .description("print decisions with all that is needed to recompute them, as lines of canonical JSON")
    .action(async (options: Span) => exportDecisions(await product(), toSpan(options)));
  withSpan(policy.command("verify"))
    .argument("[file]", "an export; asks the product when left out")
    .description("recompute decisions from what was stored with them, and name each that does not follow")
    .action(async (file: string | undefined, options: Span) =>
      verifyDecisions(product, { ...toSpan(options), file, json }),
    );
  policy
    .command("explain")
    .argument("<decision>")
    .description("what was asked, what was answered, and which rules held")
    .action(async (id: string) => explainDecision(await product(), { id, json }));
  policy
    .command("eval")
    .requiredOption("--input <file>", "what is asked, as JSON; explain shows one")
    .option("--policy <dir>", "another policy: a folder of .rego files, or of a tools.wasm")
    .description("what the policy would decide; stores nothing")
    .action(async (options: { input: string; policy?: string }) => evalInput(await product(), { ...options, json }));
  policy
    .command("replay")
    .requiredOption("--policy <dir>", "a changed policy: a folder of .rego files, or of a tools.wasm")
    .option("--last <n>", "how many decisions, the newest, 1 to 1000000", toJournals, 1_000)
    .description("which of the newest decisions a changed policy would make in another way; stores nothing")
    .action(async (options: { policy: string; last: number }) =>
      replayDecisions(await product(), { ...options, json }),
    );
}

function withSpan(command: Command): Command {
  return command
    .option(
      "--from <time>",
      "made at this time or later: a length of time before now, such as 2d, or a day or an instant",
    )
    .option("--to <time>", "made before this time");
}

function toSpan({ from, to }: Span): Span {
  const instant = (option: string, text: string | undefined) =>
    text === undefined ? undefined : toInstant(option, text, Date.now());
  return { from: instant("--from", from), to: instant("--to", to) };
}
