import { SomaError } from "@soma/shared/errors";

/**
 * Date, time and zone: without a zone the same text would be another instant, and another key, on another machine.
 * Years from 1000, because the driver reads a year below 100 back from Postgres as one of the twentieth century.
 */
const RFC_3339 = /^([1-9]\d{3}-\d{2}-(\d{2}))T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** An RFC 3339 instant, cut to milliseconds. Throws BAD_INPUT that names the field. */
export function parseInstant(name: string, value: unknown): Date {
  const match = typeof value === "string" ? RFC_3339.exec(value) : null;
  const at = new Date(match?.[0] ?? Number.NaN);
  // Date takes 30 February for 2 March.
  const dayExists = match !== null && new Date(`${match[1]}T00:00:00Z`).getUTCDate() === Number(match[2]);
  if (Number.isNaN(at.getTime()) || !dayExists || at.getUTCFullYear() > 9999)
    throw new SomaError(
      "BAD_INPUT",
      `${name} is ${String(JSON.stringify(value)).slice(0, 80)}, which is not an RFC 3339 instant such as 2026-01-02T03:04:05.678Z`,
    );
  return at;
}
