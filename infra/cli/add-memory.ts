import type { Command } from "commander";
import type { CommandContext } from "./find-product.ts";
import { type ForgetOptions, forgetMemories, showForgotten } from "./forget-memories.ts";
import { recallMemories } from "./memory.ts";
import { toCount } from "./option-values.ts";

/** The commands about what is remembered. */
export function addMemory(program: Command, { product, json }: CommandContext): void {
  const memory = program.command("memory").description("what is remembered");
  memory
    .command("recall")
    .argument("<query>")
    .option("--limit <n>", "how many, 1 to 50", toCount, 8)
    .description("memories that fit a query, best first")
    .action(async (query: string, options: { limit: number }) =>
      recallMemories(await product(), { query, ...options, json }),
    );
  memory
    .command("forget")
    .argument("[memory]", "one memory")
    .option("--session <id>", "all memories of a session")
    .option("--subject <name>", "all memories that somebody had kept")
    .requiredOption("--reason <text>", "for those who ask later; it stays")
    .option("--dry-run", "only count what would go", false)
    .option("--with-runs", "erase the runs they came from, too", false)
    .option("--yes", "it is meant: nothing brings them back", false)
    .option("--key <key>", "gives the same order when it is asked again")
    .description("forget memories for good, and show the receipt")
    .action(async (id: string | undefined, options: Omit<ForgetOptions, "id" | "json">) =>
      forgetMemories(await product(), { id, ...options, json }),
    );
  memory
    .command("forgotten")
    .argument("<order>")
    .description("the receipt of an order to forget")
    .action(async (id: string) => showForgotten(await product(), { id, json }));
}
