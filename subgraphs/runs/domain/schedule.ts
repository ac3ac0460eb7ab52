import { SomaError } from "@soma/shared/errors";
import { Cron } from "croner";

/** Schedules of a tenant. */
export const MAX_SCHEDULES = 100;
export const MAX_NAME = 100;
const MAX_CRON = 200;
const FIELDS = 5;

/** What a tick does while the run of the one before has not ended. */
export type Overlap = "SKIP" | "QUEUE" | "CANCEL_PREVIOUS";

/** When a schedule has its ticks. */
export interface Ticks {
  cron: string;
  timeZone: string;
}

/** The first tick after this instant; throws BAD_INPUT unless the expression, in its time zone, has one. At most one a minute. */
export function firstTick(ticks: Ticks, now: Date): Date {
  const { cron, timeZone } = ticks;
  if (cron.length > MAX_CRON || cron.trim().split(/\s+/).length !== FIELDS)
    throw new SomaError(
      "BAD_INPUT",
      `"${cron.slice(0, 80)}" is not minute, hour, day, month and weekday, such as "30 9 * * 1-5"`,
    );
  if (!isTimeZone(timeZone))
    throw new SomaError("BAD_INPUT", `"${timeZone.slice(0, 80)}" is no time zone, such as Europe/Berlin or UTC`);
  const first = findNextTick(ticks, now);
  if (first === undefined) throw new SomaError("BAD_INPUT", `"${cron}" has no time that is still to come`);
  return first;
}

/** The first tick after an instant; undefined when there is none. */
export function findNextTick({ cron, timeZone }: Ticks, after: Date): Date | undefined {
  try {
    return new Cron(cron, { timezone: timeZone, paused: true, mode: "5-part" }).nextRun(after) ?? undefined;
  } catch (cause) {
    const why = String(cause).replace(/^(\w*Error|Cron\w*): (Cron\w*: )?/, "");
    throw new SomaError("BAD_INPUT", `"${cron}" is no cron expression: ${why}`, { cause });
  }
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
