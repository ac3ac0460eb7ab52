import { createSilentLog } from "@soma/shared/log";
import { GraphQLError } from "graphql";
import { expect, test } from "vitest";
import { formatError } from "./format-error.ts";

const scope = { log: createSilentLog(), traceId: "t1" };
const told = (extensions: Record<string, unknown>) => formatError(new GraphQLError("no", { extensions }), scope);

test("formatError() hands on the faults of an input, each at its place and with nothing else", () => {
  const fault = { path: "/amount", message: "must be number" };
  expect(told({ code: "BAD_INPUT", faults: [{ ...fault, secret: 1 }, null] }).extensions).toEqual({
    code: "BAD_INPUT",
    retryable: false,
    faults: [fault],
    traceId: "t1",
  });
  for (const faults of ["x", [null], [{ path: 1, message: "x" }], [{ path: "/a" }]])
    expect(told({ code: "BAD_INPUT", faults }).extensions).not.toHaveProperty("faults");
  expect(told({ code: "NOT_FOUND", faults: [fault] }).extensions).not.toHaveProperty("faults");
});
