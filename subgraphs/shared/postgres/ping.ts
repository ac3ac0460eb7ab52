import { SomaError } from "../errors.ts";
import type { Sql } from "./connect.ts";
import { isKnownFull } from "./full-disk.ts";
import { whyUnavailable } from "./why-unavailable.ts";

/** Throws when the database does not answer, or could not write just now; the reason names no host. */
export async function ping(sql: Sql): Promise<void> {
  try {
    await sql`select 1`;
  } catch (cause) {
    const reason = whyUnavailable(cause, { asked: true }) ?? "the database cannot be used";
    throw new SomaError("UNAVAILABLE", reason, { cause });
  }
  if (isKnownFull(sql)) throw new SomaError("UNAVAILABLE", "the disk of the database is full");
}
