import { randomUUID } from "node:crypto";
import {
  CreateScheduleDocument,
  type CreateScheduleInput,
  DeleteScheduleDocument,
  PauseScheduleDocument,
  ResumeScheduleDocument,
  type ScheduleSummaryFragment,
  SchedulesDocument,
} from "@soma/graphql/operations";
import { CliError, EXIT } from "./cli-error.ts";
import type { Product } from "./find-product.ts";
import { line, print, printJson, printTable, safe } from "./print.ts";

export const OVERLAPS = { skip: "SKIP", queue: "QUEUE", cancel_previous: "CANCEL_PREVIOUS" } as const;

export async function listSchedules({ client, hints }: Product, json: boolean): Promise<void> {
  const { schedules } = await client.request(SchedulesDocument, {});
  const known = schedules ?? [];
  if (json) return printJson(known);
  if (known.length === 0)
    return print(`no schedules yet; make one with \`${hints.soma} schedules create NAME --cron "30 9 * * 1-5" TEXT\``);
  printTable(
    ["SCHEDULE", "NAME", "CRON", "TIME ZONE", "OVERLAP", "NEXT", "LAST RUN"],
    known.map((schedule) => [
      schedule.id,
      line(schedule.name, 40),
      schedule.cron,
      schedule.timeZone,
      schedule.overlap.toLowerCase(),
      schedule.isPaused ? "paused" : (schedule.nextAt ?? "never"),
      lastOf(schedule),
    ]),
  );
}

function lastOf({ fault, lastRun }: ScheduleSummaryFragment): string {
  if (typeof fault === "string") return `none: ${line(fault, 80)}`;
  return lastRun === null || lastRun === undefined ? "" : `${lastRun.id} ${lastRun.status}`;
}

export interface CreateScheduleOptions {
  name: string;
  text: string;
  cron: string;
  timeZone: string;
  overlap: string;
  graph: string;
  role?: string;
  json: boolean;
}

export async function createSchedule({ client }: Product, options: CreateScheduleOptions): Promise<void> {
  const { text, overlap: named, json, ...rest } = options;
  const overlap = Object.entries(OVERLAPS).find(([name]) => name === named)?.[1];
  if (overlap === undefined)
    throw new CliError(`--overlap "${named}" is none of ${Object.keys(OVERLAPS).join(", ")}`, {
      code: "BAD_INPUT",
      exitCode: EXIT.USAGE,
    });
  const input: CreateScheduleInput = { ...rest, overlap, input: { text }, idempotencyKey: randomUUID() };
  const { createSchedule: made } = await client.request(CreateScheduleDocument, { input });
  tell(made, `begins at ${made.schedule.nextAt}`, json);
}

export async function pauseSchedule({ client }: Product, { id, json }: { id: string; json: boolean }): Promise<void> {
  const { pauseSchedule: paused } = await client.request(PauseScheduleDocument, { input: about(id) });
  tell(paused, "rests", json);
}

export async function resumeSchedule({ client }: Product, { id, json }: { id: string; json: boolean }): Promise<void> {
  const { resumeSchedule: resumed } = await client.request(ResumeScheduleDocument, { input: about(id) });
  tell(resumed, `goes on at ${resumed.schedule.nextAt}`, json);
}

export async function deleteSchedule({ client }: Product, { id, json }: { id: string; json: boolean }): Promise<void> {
  const { deleteSchedule: deleted } = await client.request(DeleteScheduleDocument, { input: about(id) });
  tell(deleted, "is deleted", json);
}

const about = (scheduleId: string) => ({ scheduleId, idempotencyKey: randomUUID() });

function tell({ schedule }: { schedule: ScheduleSummaryFragment }, words: string, json: boolean): void {
  if (json) printJson(schedule);
  else print(`schedule ${schedule.id} (${safe(schedule.name)}) ${words}`);
}
