import type { Command } from "commander";
import type { CommandContext } from "./find-product.ts";
import { wordOption } from "./option-values.ts";
import {
  type CreateScheduleOptions,
  createSchedule,
  deleteSchedule,
  listSchedules,
  OVERLAPS,
  pauseSchedule,
  resumeSchedule,
} from "./schedules.ts";

/** The commands about runs that start by themselves. */
export function addSchedules(program: Command, { product, json }: CommandContext): void {
  const schedules = program.command("schedules").description("runs that start by themselves");
  schedules
    .command("list")
    .description("when each starts its next run, and how the last one went")
    .action(async () => listSchedules(await product(), json));
  schedules
    .command("create")
    .argument("<name>")
    .argument("<text>", "what to ask")
    .requiredOption("--cron <expression>", 'minute, hour, day, month and weekday, such as "30 9 * * 1-5"')
    .option("--time-zone <zone>", "such as Europe/Berlin", "UTC")
    .addOption(
      wordOption("--overlap <policy>", "while the last run has not ended", Object.keys(OVERLAPS)).default("skip"),
    )
    .option("--graph <graph>", "agent to start", "assistant")
    .option("--role <role>", "role to act under")
    .description("start a run at the times of a cron expression")
    .action(async (name: string, text: string, options: Omit<CreateScheduleOptions, "name" | "text" | "json">) =>
      createSchedule(await product(), { name, text, ...options, json }),
    );
  schedules
    .command("pause")
    .argument("<schedule>")
    .description("let a schedule rest")
    .action(async (id: string) => pauseSchedule(await product(), { id, json }));
  schedules
    .command("resume")
    .argument("<schedule>")
    .description("let a paused schedule go on with its next time")
    .action(async (id: string) => resumeSchedule(await product(), { id, json }));
  schedules
    .command("delete")
    .argument("<schedule>")
    .description("delete a schedule; runs it started stay")
    .action(async (id: string) => deleteSchedule(await product(), { id, json }));
}
