import type { Command } from "commander";
import { exportRun } from "./export-run.ts";
import type { CommandContext } from "./find-product.ts";
import { toSeq, toSteps } from "./option-values.ts";
import { replayExport } from "./replay-export.ts";
import { eraseRun, holdRun, listHolds, releaseHold } from "./run-custody.ts";
import { diffStates, forkRun, type Kept, rollbackRun, showState } from "./run-history.ts";

const WHERE = "number of the start of the run or of the end of a step, none after an approval; runs watch shows them";

const REUSE = [
  "--reuse <steps>",
  "steps not done again where it comes to them: what they came to stands",
  toSteps,
] as const;
const STUB = ["--stub <steps>", "steps not done again, and nothing stands for them", toSteps] as const;

/** The commands of `soma runs` about what a run was, and where else it may go on from. */
export function addHistoryCommands(runs: Command, { product, json }: CommandContext): void {
  runs
    .command("state")
    .argument("<run>")
    .option("--at <seq>", "with this event; the newest when left out", toSeq)
    .description("what its agent had kept")
    .action(async (id: string, options: { at?: number }) => showState(await product(), { id, ...options, json }));
  runs
    .command("diff")
    .argument("<run>")
    .argument("<from>", "number of an event; runs watch shows them", toSeq)
    .argument("<to>", "number of another one", toSeq)
    .description("what differs between its states at two events")
    .action(async (id: string, from: number, to: number) => diffStates(await product(), { id, from, to, json }));
  runs
    .command("fork")
    .argument("<run>")
    .argument("<seq>", WHERE, toSeq)
    .option("--input <json>", "merged into its input as RFC 7396 says: null takes a field out")
    .option("--dry-run", "begin nothing, and tell which steps had reached outside and would be done again")
    .option(...REUSE)
    .option(...STUB)
    .description("begin another run that goes on from an event of this one, which stays as it is")
    .action(async (id: string, at: number, options: Kept & { input?: string; dryRun?: boolean }) =>
      forkRun(await product(), { id, at, ...options, json }),
    );
  runs
    .command("rollback")
    .argument("<run>")
    .argument("<seq>", WHERE, toSeq)
    .option("--dry-run", "change nothing, and tell which steps had reached outside")
    .option(...REUSE)
    .option(...STUB)
    .description("let a run go on from an earlier event, also one that has ended")
    .action(async (id: string, to: number, options: Kept & { dryRun?: boolean }) =>
      rollbackRun(await product(), { id, to, ...options, json }),
    );
  runs
    .command("export")
    .argument("<run>")
    .description("print its history as lines of canonical JSON, verified; runs replay reads them from a file")
    .action(async (id: string) => exportRun(await product(), { id }));
  runs
    .command("replay")
    .argument("<file>", "what `soma runs export` printed")
    .description("verify an export and fold its state again, without a running product")
    .action(async (file: string) => replayExport({ file, json }));
  addCustodyCommands(runs, { product, json });
}

/** The commands about what keeps a run, and how its contents go. */
function addCustodyCommands(runs: Command, { product, json }: CommandContext): void {
  const why = ["--reason <text>", "why, for those who ask later"] as const;
  runs
    .command("hold")
    .argument("<run>")
    .requiredOption(...why)
    .description("keep a run from being erased and from going away by its age")
    .action(async (id: string, { reason }: { reason: string }) => holdRun(await product(), { id, reason, json }));
  runs
    .command("holds")
    .argument("<run>")
    .description("what keeps a run, and what did")
    .action(async (id: string) => listHolds(await product(), { id, json }));
  runs
    .command("release")
    .argument("<hold>", "its id, of `soma runs holds`")
    .requiredOption(...why)
    .description("let go what a hold keeps")
    .action(async (id: string, { reason }: { reason: string }) => releaseHold(await product(), { id, reason, json }));
  runs
    .command("erase")
    .argument("<run>")
    .requiredOption(...why)
    .option("--yes", "it is meant: nothing brings the contents back", false)
    .description("erase what a run that has ended said, with all that it has started; its chain stays")
    .action(async (id: string, options: { reason: string; yes: boolean }) =>
      eraseRun(await product(), { id, ...options, json }),
    );
}
