import type { Command } from "commander";
import { BY, listBudgets, type RaiseBudgetOptions, raiseBudget, SPANS, showUsage } from "./budgets.ts";
import type { CommandContext } from "./find-product.ts";
import { wordOption } from "./option-values.ts";

/** The commands about what calls cost, and may. */
export function addBudgets(program: Command, { product, json }: CommandContext): void {
  program
    .command("usage")
    .addOption(wordOption("--by <what>", "by what it is told", Object.keys(BY)).default("day"))
    .option("--since <day>", "from this day on, such as 2026-11-27")
    .option("--run <run>", "of one run")
    .option("--session <session>", "of the runs of one session")
    .description("what calls of models and tools have used and cost")
    .action(async (options: { by: string; since?: string; run?: string; session?: string }) =>
      showUsage(await product(), { ...options, json }),
    );
  const budgets = program
    .command("budgets")
    .description("limits of what calls may cost, and where they stand")
    .action(async () => listBudgets(await product(), json));
  budgets
    .command("raise")
    .argument("<measure>", "money, tokens, model_calls or tool_calls")
    .argument("<by>", "by how much, such as 0.50")
    .requiredOption("--reason <text>", "kept in the books")
    .addOption(wordOption("--span <span>", "day for today's, or total", Object.keys(SPANS)).default("day"))
    .option("--role <role>", "of a role")
    .option("--agent <agent>", "of an agent")
    .option("--run <run>", "of a run with all that it starts")
    .description("raise a budget, the tenant's when nothing is named; runs that wait for it go on")
    .action(async (measure: string, by: string, options: Omit<RaiseBudgetOptions, "measure" | "by">) =>
      raiseBudget(await product(), { measure, by, ...options, json }),
    );
}
