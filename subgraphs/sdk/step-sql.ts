import type { JsonObject } from "@soma/schemas/json";

/** What may stand in a statement. Objects and lists go in as jsonb, null as null; anything else as what it is in SQL. */
export type SqlValue = string | number | bigint | boolean | Date | null | JsonObject | readonly SqlValue[];

/** A row as JSON has it: times are texts, and so is best what is larger than a number of JavaScript (`select total::text`). */
export type SqlRow = JsonObject;

/** One statement with its values, which are never part of its text; gives the rows it returns, at most 1 MiB of them. */
export type StepSql = (pieces: TemplateStringsArray, ...values: readonly SqlValue[]) => Promise<readonly SqlRow[]>;
