import { readFile } from "node:fs/promises";
import { buildSchema, type GraphQLObjectType } from "graphql";
import { describe, expect, it } from "vitest";
import { findCursor, STREAM_CURSORS } from "./stream-cursors.ts";

const FRAMES = "__typename ... on RunBatch { lastSeq } ... on RunHeartbeat { headSeq }";
const asked = (field: string): string => `subscription X($run: ID!, $after: Int!) { ${field} }`;
const RUN = "runEvents(runId: $run, afterSeq: $after)";

describe("findCursor()", () => {
  it("finds the variable to go on from, and how far each event has come", () => {
    const cursor = findCursor(asked(`frames: ${RUN} { ${FRAMES} }`), STREAM_CURSORS);
    expect(cursor?.variable).toBe("after");
    const positionOf = (frames: unknown, errors?: never[]) =>
      cursor?.positionOf({ data: { frames }, ...(errors === undefined ? {} : { errors }) });
    expect(positionOf({ __typename: "RunBatch", firstSeq: 3, lastSeq: 7 })).toBe(7);
    expect(positionOf({ __typename: "RunHeartbeat", headSeq: 9 })).toBe(9);
  });

  it.each([
    ["is the last of its stream", { data: { runEvents: { __typename: "RunEnd", headSeq: 9 } } }],
    ["says nothing of its type", { data: { runEvents: { lastSeq: 9 } } }],
    ["is of a type that is no type", { data: { runEvents: { __typename: "toString", lastSeq: 9 } } }],
    ["says no position", { data: { runEvents: { __typename: "RunBatch" } } }],
    ["is an error", { data: null, errors: [] }],
    ["holds errors", { data: { runEvents: { __typename: "RunBatch", lastSeq: 9 } }, errors: [] }],
  ])("knows no position of an event that %s", (_name, event) => {
    expect(findCursor(asked(`${RUN} { ${FRAMES} }`), STREAM_CURSORS)?.positionOf(event)).toBeUndefined();
  });

  it.each([
    ["of a stream without one", asked("toolOutput(invocationId: $run, after: $after) { __typename }")],
    ["of a field that every object has", asked("toString(afterSeq: $after) { x }")],
    ["that is written out", asked(`runEvents(runId: $run, afterSeq: 3) { ${FRAMES} x(first: $after) }`)],
    ["that is left out", asked(`runEvents(runId: $run) { ${FRAMES} }`)],
    ["that says something else, too", asked(`${RUN} { ${FRAMES} x(first: $after) }`)],
    ["whose position is another field's", asked(`${RUN} { __typename ... on RunBatch { lastSeq: firstSeq } }`)],
    ["of several fields", asked(`${RUN} { ${FRAMES} } other`)],
    ["of a fragment", `${asked("...A")} fragment A on Subscription { ${RUN} { ${FRAMES} } }`],
    ["of nothing", "fragment A on Subscription { x }"],
  ])("finds no cursor %s", (_name, query) => {
    expect(findCursor(query, STREAM_CURSORS)).toBeUndefined();
  });
});

describe("STREAM_CURSORS", () => {
  it("names arguments, types and fields that our schema has", async () => {
    const schema = buildSchema(await readFile(new URL("../../graphql/schema.graphql", import.meta.url), "utf8"));
    const fields = schema.getSubscriptionType()?.getFields();
    for (const [name, { argument, positions }] of Object.entries(STREAM_CURSORS)) {
      expect(fields?.[name]?.args.map((each) => each.name)).toContain(argument);
      for (const [type, field] of Object.entries(positions))
        expect(String((schema.getType(type) as GraphQLObjectType).getFields()[field]?.type)).toBe("Int!");
    }
  });
});
