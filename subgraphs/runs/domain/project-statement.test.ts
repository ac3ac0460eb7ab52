import type { SqlValue } from "@soma/sdk/step-sql";
import { describe, expect, it } from "vitest";
import { toStatement } from "./project-statement.ts";

const write = (pieces: TemplateStringsArray, ...values: SqlValue[]) => toStatement(pieces, values);

describe("toStatement()", () => {
  it("names each value by its place and type, and keeps it out of the text", () => {
    const evil = "'; drop table ledger; --";
    expect(write`select ${evil}, '${1}'`).toEqual({
      statement: "select (($1)[1]::text), '(($1)[2]::int4)'",
      values: [evil, "1"],
    });
    expect(write`select 1`).toEqual({ statement: "select 1", values: [] });
  });

  it("writes null as one that fits wherever it stands, and counts its place", () => {
    expect(write`select ${null}, ${7}`).toEqual({ statement: "select null, (($1)[2]::int4)", values: [null, "7"] });
  });

  it.each<[SqlValue, string, string | null]>([
    [true, "boolean", "true"],
    [7, "int4", "7"],
    [-3_000_000_000, "int8", "-3000000000"],
    [1.5, "float8", "1.5"],
    [12345678901234567890n, "numeric", "12345678901234567890"],
    [new Date(0), "timestamptz", "1970-01-01T00:00:00.000Z"],
    [{ a: [1] }, "jsonb", '{"a":[1]}'],
    [[1, "two"], "jsonb", '[1,"two"]'],
  ])("%o is %s", (value, type, text) => {
    expect(write`select ${value}`).toEqual({ statement: `select (($1)[1]::${type})`, values: [text] });
  });

  it("refuses what SQL has no type for, and what is too large", () => {
    expect(() => write`select ${undefined as never}`).toThrow("value 1 of a statement is undefined");
    expect(() => write`select ${1}, ${new Date(Number.NaN)}`).toThrow("value 2 of a statement is no date");
    expect(() => write`select ${"x".repeat(262_144)}`).toThrow("may have 262144");
    const many = Array.from({ length: 1_001 }, () => 1);
    expect(() => toStatement(["select "], many)).toThrow("has 1001 values, and may have 1000");
  });
});
