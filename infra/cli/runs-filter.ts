import type { RunFilter, RunOutcomeKind, RunStatus } from "@soma/graphql/operations";
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

/** What `--outcome` takes: each outcome of a run, and `problem` for all that succeeded and did not go well. */
const OUTCOMES = {
  problem: ["INCOMPLETE", "WITH_FAILURES", "WITH_DENIALS"],
  ok: ["OK"],
  incomplete: ["INCOMPLETE"],
  with_failures: ["WITH_FAILURES"],
  with_denials: ["WITH_DENIALS"],
  failed: ["FAILED"],
  canceled: ["CANCELED"],
} as const satisfies Record<string, readonly RunOutcomeKind[]>;

export const OUTCOME_CHOICES = Object.keys(OUTCOMES);

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

const AN_INSTANT = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** As they were typed; each may be left out. */
export interface RunsFilterOptions {
  status?: string;
  outcome?: string;
  /** Given or left out. */
  recovered?: true;
  agent?: string;
  role?: string;
  text?: string;
  since?: string;
}

/** The filter of the page of runs; what is not known is refused by its name. `now` is in milliseconds. */
export function toRunFilter(options: RunsFilterOptions, now: number): RunFilter {
  const { status, outcome, recovered, agent, role, text, since } = options;
  return {
    ...(status === undefined ? {} : { status: toWords("--status", status, STATUSES) }),
    ...(outcome === undefined ? {} : { outcome: toWords("--outcome", outcome, OUTCOMES) }),
    ...(recovered === undefined ? {} : { recovered }),
    ...(agent === undefined ? {} : { graph: agent }),
    ...(role === undefined ? {} : { role }),
    ...(since === undefined ? {} : { createdAfter: toInstant("--since", since, now) }),
    ...(text === undefined ? {} : { text }),
  };
}

/** Several are written with commas; upper and lower case are alike. */
function toWords<Word>(option: string, list: string, known: Readonly<Record<string, readonly Word[]>>): Word[] {
  const words = list.split(",").flatMap((typed): readonly Word[] => {
    const name = typed.trim().toLowerCase();
    const meant = Object.hasOwn(known, name) ? known[name] : undefined;
    if (meant !== undefined) return meant;
    throw wrong(`${option} "${typed.trim()}" is none of ${Object.keys(known).join(", ")}`);
  });
  return [...new Set(words)];
}

/** A length of time before now, such as 2d, or an instant. */
export function toInstant(option: string, since: string, now: number): string {
  const [, count = "", unit = ""] = /^(\d{1,6})([mhdw])$/.exec(since) ?? [];
  const at = count === "" ? readInstant(since) : now - Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
  if (Number.isNaN(at) || at < 0)
    throw wrong(
      `${option} "${since}" is neither a length of time, such as 30m, 1h, 2d or 1w, nor a day or an instant, such as 2026-11-26 or 2026-11-26T10:00:00Z`,
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
export function describeFilter({ status, outcome, recovered, agent, role, text, since }: RunsFilterOptions): string {
  const said = Object.entries({ status, outcome, recovered, agent, role, text, since });
  const given = said.filter(([, value]) => value !== undefined);
  return given.map(([name, value]) => `--${name}${value === true ? "" : ` ${quote(String(value))}`}`).join(" ");
}

function quote(word: string): string {
  return /^[\w.,:+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function wrong(message: string): CliError {
  return new CliError(message, { code: "BAD_INPUT", exitCode: EXIT.USAGE });
}
