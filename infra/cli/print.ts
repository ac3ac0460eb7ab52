import { stripVTControlCharacters } from "node:util";
import { replaceHidden, showHidden } from "@soma/schemas/hidden-characters";
import { cutToWidth, displayWidth, padToWidth } from "./display-width.ts";
import { paintStatus } from "./paint.ts";

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  print(toJson(value, 2));
}

/** JSON whose texts act on no terminal and hide nothing: what would is escaped, and stays the same to whoever parses it. */
export function toJson(value: unknown, indent = 0): string {
  return replaceHidden(JSON.stringify(value, null, indent).replace(LEFT_BY_JSON, toEscape), toEscape);
}

/** What acts on a terminal or breaks a line, and JSON leaves as it is. */
const LEFT_BY_JSON = /[\u007f-\u009f\u2028\u2029]/g;

/** As JSON writes it, which knows no more than 16 bits. */
function toEscape(character: string): string {
  return character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}

/** Whether the arguments of a call ask for JSON, also where they are wrong in some other way. */
export function isJsonWanted(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end === -1 ? args.length : end).includes("--json");
}

/** Text of a tool or a model on a terminal: control sequences could move the cursor or rewrite what was said before, and are left out. */
export function safe(text: string): string {
  return showHidden(stripVTControlCharacters(text).replace(NOT_FOR_TERMINALS, ""));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what has to go
const NOT_FOR_TERMINALS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** How big the terminal is; what is piped is as wide as COLUMNS says, and so is a terminal that does not know its size. */
export function terminalSize(): { columns: number; rows: number } {
  const told = Number(process.env.COLUMNS);
  const columns = process.stdout.columns || (Number.isInteger(told) && told > 0 ? told : 100);
  return { columns, rows: process.stdout.rows || 40 };
}

/** Columns as wide as their widest cell; on a terminal with colours, a status that needs eyes has one. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  for (const row of toTable(head, rows)) print(row);
}

/** The lines of a table, cut at their ends where they would be wider than a terminal. */
export function toTable(head: readonly string[], rows: readonly (readonly string[])[], width = Infinity): string[] {
  const cells = [head, ...rows].map((row) => row.map(oneLine));
  const widths = head.map((_cell, column) => Math.max(...cells.map((row) => displayWidth(row[column] ?? ""))));
  const status = head.indexOf("STATUS");
  return cells.map((row, index) => {
    const columns = row.map((cell, column) => padToWidth(cell, widths[column] ?? 0));
    const shown = cutToWidth(columns.join("  ").trimEnd(), width);
    return index === 0 || status === -1 ? shown : withPaint(shown, columns.slice(0, status), row[status] ?? "");
  });
}

/** A row whose status, which stands after these columns, has its colour. */
function withPaint(row: string, before: readonly string[], status: string): string {
  const start = before.map((column) => `${column}  `).join("").length;
  const end = start + status.length;
  return row.slice(0, start) + paintStatus(status, row.slice(start, end)) + row.slice(end);
}

/** Safe text without what a table cannot hold: line breaks and tabs. */
function oneLine(text: string): string {
  return safe(text).replace(/[\n\t]/g, " ");
}

/** The first line of a text, safe, and cut to so many cells of a terminal. */
export function line(text: string, width: number): string {
  const [first = ""] = safe(text).split("\n");
  return cutToWidth(first.replaceAll("\t", " "), width);
}
