import type { Command } from "commander";
import type { CommandContext } from "./find-product.ts";
import { toCount, wordOption } from "./option-values.ts";
import {
  decideLetter,
  type ListLettersOptions,
  listDecided,
  listLetters,
  SERVICES,
  showLetter,
  showOutbox,
} from "./outbox.ts";

/** The commands about events that wait to be told to others, and those that cannot be. */
export function addOutbox(program: Command, { product, json }: CommandContext): void {
  const outbox = program.command("outbox").description("events that wait to be told to others");
  outbox
    .command("status")
    .description("how many wait in each service, and for how long")
    .action(async () => showOutbox(await product(), json));
  const dead = outbox.command("dead").description("events that cannot be delivered, and wait for a person");
  dead
    .command("list")
    .addOption(wordOption("--service <name>", "of one service", SERVICES))
    .option("--limit <n>", "how many of each, 1 to 50", toCount, 50)
    .option("--after <letter>", "go on after a letter, with --service")
    .option("--decided", "those that were decided: by whom, and why")
    .description("which, and why")
    .action(async ({ decided, ...options }: Omit<ListLettersOptions, "json"> & { decided?: boolean }) =>
      decided === true ? listDecided(await product(), json) : listLetters(await product(), { ...options, json }),
    );
  dead
    .command("show")
    .argument("<letter>")
    .description("why it cannot be delivered, and what it says")
    .action(async (id: string) => showLetter(await product(), { id, json }));
  outbox
    .command("retry")
    .argument("<letter>")
    .option("--reason <text>", "for those who ask later")
    .description("send a dead letter again where it stood, before what waits behind it")
    .action(async (id: string, options: { reason?: string }) =>
      decideLetter(await product(), { id, ...options, decision: "RETRY", json }),
    );
  outbox
    .command("discard")
    .argument("<letter>")
    .requiredOption("--reason <text>", "for those who ask later")
    .description("let what waits behind a dead letter go on without it")
    .action(async (id: string, options: { reason: string }) =>
      decideLetter(await product(), { id, ...options, decision: "DISCARD", json }),
    );
}
