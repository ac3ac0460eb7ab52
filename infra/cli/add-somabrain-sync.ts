import { type Command, Option } from "commander";
import type { CommandContext } from "./find-product.ts";
import { toCount } from "./option-values.ts";
import { auditSync, requeueMemories, showSync } from "./somabrain-sync.ts";

/** The commands about memories on their way to SomaBrain. */
export function addSomaBrainSync(program: Command, { product, json }: CommandContext): void {
  const sync = program.command("somabrain-sync").description("memories on their way to SomaBrain");
  sync
    .command("status")
    .description("how SomaBrain is, and what waits for its proof")
    .action(async () => showSync(await product(), json));
  sync
    .command("flush")
    .description("try at once what it refused")
    .action(async () => requeueMemories(await product(), { which: "REFUSED", json }));
  sync
    .command("requeue")
    .addOption(new Option("--since <instant>", "only what was kept since then, as 2026-11-28T00:00:00Z"))
    .description("bring all memories again, at most 10000 a call, as after it was restored from a backup")
    .action(async (options: { since?: string }) =>
      requeueMemories(await product(), { which: "ALL", ...options, json }),
    );
  sync
    .command("audit")
    .option("--limit <n>", "how many, 1 to 100", toCount, 20)
    .description("ask it for the newest memories that it has; the exit code is 1 when it lacks one")
    .action(async ({ limit }: { limit: number }) => {
      if (!(await auditSync(await product(), { limit, json }))) process.exitCode = 1;
    });
}
