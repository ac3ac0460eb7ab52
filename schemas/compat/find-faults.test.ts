import { describe, expect, it } from "vitest";
import type { Schema } from "./find-breaks.ts";
import { findFaults } from "./find-faults.ts";

const TYPE = "agent.sample.v1";

function sampleOf(changed: Schema = {}): Schema {
  return {
    $id: `${TYPE}.json`,
    type: "object",
    properties: { id: { type: "string" }, state: { enum: ["on"] } },
    required: ["id"],
    additionalProperties: false,
    examples: [{ id: "1", state: "on" }],
    ...changed,
  };
}

const faultsOf = (current: Schema, released: Schema = sampleOf()): string[] =>
  findFaults(new Map([[TYPE, current]]), new Map([[TYPE, released]]));

describe("findFaults()", () => {
  it("finds none where nothing has changed, and none in a schema that was never released", () => {
    expect(faultsOf(sampleOf())).toEqual([]);
    expect(findFaults(new Map([[TYPE, sampleOf()]]), new Map())).toEqual([]);
  });

  it("finds none where an optional property came, whose example released readers take", () => {
    const properties = { ...(sampleOf().properties as object), more: { type: "number" } };
    expect(faultsOf(sampleOf({ properties, examples: [{ id: "1", more: 2 }] }))).toEqual([]);
  });

  it("finds none where a list that may grow has grown, and released readers take what is new", () => {
    const stateOf = (...values: string[]) => ({
      properties: { id: { type: "string" }, state: { enum: values, "x-open-enum": true } },
    });
    const grown = sampleOf({ ...stateOf("on", "off"), examples: [{ id: "1", state: "off" }] });
    expect(faultsOf(grown, sampleOf(stateOf("on")))).toEqual([]);
  });

  it("names the schema, the path, the rule and the next version of what breaks readers", () => {
    const properties = { id: { type: "string" }, state: { enum: ["on", "off"] } };
    expect(faultsOf(sampleOf({ properties }))).toEqual([
      `${TYPE}: /state: a value was added to a list that is not marked x-open-enum (enum-widened); a new meaning is agent.sample.v2`,
    ]);
  });

  it("tells which example the readers of today or of then refuse", () => {
    const properties = { id: { type: "integer" }, state: { enum: ["on"] } };
    expect(faultsOf(sampleOf({ properties, examples: [{ id: 1 }] }))).toEqual([
      expect.stringContaining("/id: the type changed (type-changed)"),
      `${TYPE}: released example 1 can be read no longer: /id must be integer`,
      `${TYPE}: released readers refuse example 1: /id must be string`,
    ]);
  });

  it("shows what a wider limit does to released readers, though the rules allow it", () => {
    const limited = (maxLength: number) => ({
      properties: { id: { type: "string", maxLength }, state: { enum: ["on"] } },
    });
    const wider = sampleOf({ ...limited(9), examples: [{ id: "123456789" }] });
    expect(faultsOf(wider, sampleOf(limited(3)))).toEqual([
      `${TYPE}: released readers refuse example 1: /id must NOT have more than 3 characters`,
    ]);
  });

  it("refuses examples that may not be published or cannot be read, and schemas without any", () => {
    expect(faultsOf(sampleOf({ examples: [{ id: "1", other: 1 }] }))).toEqual([
      `${TYPE}: example 1 may not be published: the event must NOT have additional properties (other)`,
    ]);
    expect(faultsOf(sampleOf({ examples: [{ id: 1 }] }))).toEqual(
      expect.arrayContaining([
        `${TYPE}: example 1 may not be published: /id must be string`,
        `${TYPE}: example 1 cannot be read: /id must be string`,
      ]),
    );
    expect(faultsOf(sampleOf({ examples: undefined }))).toEqual([`${TYPE}: it has no example`]);
  });

  it("refuses a schema that does not compile, and one that was released and is gone", () => {
    expect(faultsOf(sampleOf({ type: "text" }))).toContainEqual(
      expect.stringContaining(`${TYPE}: its schema does not compile: `),
    );
    expect(findFaults(new Map(), new Map([[TYPE, sampleOf()]]))).toEqual([
      `${TYPE}: it was released, and its file is gone`,
    ]);
  });
});
