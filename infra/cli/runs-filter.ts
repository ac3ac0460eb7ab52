import type { RunFilter, RunStatus } from "@soma/graphql/operations";
import { CliError, EXIT } from "./cli-error.ts";

/** What `--status` takes: each status of a run, and `active` for all that go on. */
const STATUSES = {
  active: ["QUEUED", "RUNNING", "WAITING_APPROVAL", "PAUSED"],
  queued: ["QUEUED"],
  running: ["RUNNING"],
  waiting_approval: ["WAITING_APPROVAL"],
  paused: ["PAUSED"],
  succeeded: ["SUCCEEDED"],
  failed: ["FAILED"],
  canceled: ["CANCELED"],
} as const satisfies Record<string, readonly RunStatus[]>;

export const STATUS_CHOICES = Object.keys(STATUSES);

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

const AN_INSTANT = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** As they were typed; each may be left out. */
export interface RunsFilterOptions {
  status?: string;
  agent?: string;
  text?: string;
  since?: string;
}

/** The filter of the page of runs; what is not known is refused by its name. `now` is in milliseconds. */
export function toRunFilter({ status, agent, text, since }: RunsFilterOptions, now: number): RunFilter {
  return {
    ...(status === undefined ? {} : { status: toStatuses(status) }),
    ...(agent === undefined ? {} : { graph: agent }),
    ...(since === undefined ? {} : { createdAfter: toInstant(since, now) }),
    ...(text === undefined ? {} : { text }),
  };
}

/** Several are written with commas; upper and lower case are alike. */
function toStatuses(list: string): RunStatus[] {
  const statuses = list.split(",").flatMap((word): readonly RunStatus[] => {
    const name = word.trim().toLowerCase();
    if (Object.hasOwn(STATUSES, name)) return STATUSES[name as keyof typeof STATUSES];
    throw wrong(`--status "${word.trim()}" is none of ${STATUS_CHOICES.join(", ")}`);
  });
  return [...new Set(statuses)];
}

/** A length of time before now, such as 2d, or an instant. */
function toInstant(since: string, now: number): string {
  const [, count = "", unit = ""] = /^(\d{1,6})([mhdw])$/.exec(since) ?? [];
  const at = count === "" ? readInstant(since) : now - Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
  if (Number.isNaN(at) || at < 0)
    throw wrong(
      `--since "${since}" is neither a length of time, such as 30m, 1h, 2d or 1w, nor a day or an instant, such as 2026-11-26 or 2026-11-26T10:00:00Z`,
    );
  return new Date(at).toISOString();
}

/** Dates that no calendar has, which `Date` would turn into others, are none. */
function readInstant(text: string): number {
  const [day = ""] = text.split("T");
  if (!AN_INSTANT.test(text) || Number.isNaN(Date.parse(day))) return Number.NaN;
  return new Date(day).toISOString().startsWith(day) ? Date.parse(text) : Number.NaN;
}

/** The filters that hold, as a shell takes them; empty where none does. */
export function describeFilter({ status, agent, text, since }: RunsFilterOptions): string {
  const given = Object.entries({ status, agent, text, since }).filter(([, value]) => value !== undefined);
  return given.map(([name, value = ""]) => `--${name} ${quote(value)}`).join(" ");
}

function quote(word: string): string {
  return /^[\w.,:+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function wrong(message: string): CliError {
  return new CliError(message, { code: "BAD_INPUT", exitCode: EXIT.USAGE });
}
