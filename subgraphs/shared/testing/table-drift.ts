import { getTableConfig, type PgTable } from "drizzle-orm/pg-core";
import type { TestDatabase } from "./database.ts";

export interface DriftOptions {
  /** Columns that the declaration leaves out on purpose, each with its reason; one that it declares after all is a drift. */
  leftOut?: Readonly<Record<string, string>>;
}

interface Column {
  name: string;
  type: string;
  nullable: boolean;
}

/**
 * Where a drizzle declaration and the migrated database differ, a sentence each: columns, types, nulls and the primary
 * key, in both directions. Empty when they agree.
 */
export async function findDrift(
  database: TestDatabase,
  table: PgTable,
  { leftOut = {} }: DriftOptions = {},
): Promise<string[]> {
  const { name, columns, primaryKeys } = getTableConfig(table);
  const real = await readColumns(database, name);
  if (real.length === 0) return [`table ${name} is declared and no migration makes it`];
  const declared = columns.map((column) => ({
    name: column.name,
    type: column.getSQLType(),
    nullable: !column.notNull,
  }));
  const key = primaryKeys[0]?.columns ?? columns.filter((column) => column.primary);
  return [
    ...declared.flatMap((column) => compare(name, column, real)),
    ...missing(name, declared, real, leftOut),
    ...compareKey(
      name,
      key.map((column) => column.name),
      await readKey(database, name),
    ),
  ];
}

function compare(table: string, declared: Column, real: readonly Column[]): string[] {
  const column = real.find(({ name }) => name === declared.name);
  const place = `${table}.${declared.name}`;
  if (column === undefined) return [`${place} is declared and the database does not have it`];
  const found: string[] = [];
  if (column.type !== declared.type) found.push(`${place} is declared ${declared.type} and is ${column.type}`);
  if (column.nullable !== declared.nullable)
    found.push(`${place} is declared ${nulls(declared)} and is ${nulls(column)}`);
  return found;
}

function nulls({ nullable }: Column): string {
  return nullable ? "nullable" : "not null";
}

function missing(
  table: string,
  declared: readonly Column[],
  real: readonly Column[],
  leftOut: Readonly<Record<string, string>>,
): string[] {
  const names = new Set(declared.map(({ name }) => name));
  const undeclared = real.map(({ name }) => name).filter((name) => !names.has(name));
  return [
    ...undeclared
      .filter((name) => !(name in leftOut))
      .map((name) => `${table}.${name} is in the database and not declared`),
    ...Object.keys(leftOut)
      .filter((name) => !undeclared.includes(name))
      .map((name) => `${table}.${name} is said to be left out and is declared, or does not exist`),
  ];
}

function compareKey(table: string, declared: readonly string[], real: readonly string[]): string[] {
  if (declared.join() === real.join()) return [];
  return [`${table} is declared with the primary key (${declared.join(", ")}) and has (${real.join(", ")})`];
}

async function readColumns({ owner, schema }: TestDatabase, table: string): Promise<Column[]> {
  return owner<Column[]>`
    select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable
      from pg_attribute a
      join pg_class c on c.oid = a.attrelid
      join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = ${schema} and c.relname = ${table} and a.attnum > 0 and not a.attisdropped
     order by a.attnum`;
}

async function readKey({ owner, schema }: TestDatabase, table: string): Promise<string[]> {
  const rows = await owner<{ name: string }[]>`
    select a.attname as name
      from pg_constraint k
      join pg_class c on c.oid = k.conrelid
      join pg_namespace n on n.oid = c.relnamespace
      cross join lateral unnest(k.conkey) with ordinality as part(attnum, place)
      join pg_attribute a on a.attrelid = c.oid and a.attnum = part.attnum
     where n.nspname = ${schema} and c.relname = ${table} and k.contype = 'p'
     order by part.place`;
  return rows.map(({ name }) => name);
}
