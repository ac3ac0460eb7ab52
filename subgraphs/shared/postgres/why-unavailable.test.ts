import { describe, expect, it } from "vitest";
import { SomaError, toSomaError } from "../errors.ts";
import { whyUnavailable } from "./why-unavailable.ts";

const LOST = "the connection to the database was lost";
const UNREACHED = "the database cannot be reached";

function failure(code: string, more: object = {}): Error {
  return Object.assign(new Error(`secret-host:5432 ${code}`), { code, ...more });
}

/** As the driver gives it to whoever asked for a statement. */
function ofStatement(code: string): Error {
  return failure(code, { query: "select 1", parameters: [] });
}

function fromServer(code: string): Error {
  return failure(code, { name: "PostgresError", severity: "FATAL" });
}

describe("toSomaError() tells a database that cannot serve as UNAVAILABLE, with a short reason", () => {
  it.each([
    ["CONNECTION_CLOSED", failure("CONNECTION_CLOSED"), LOST],
    [
      "CONNECTION_DESTROYED",
      failure("CONNECTION_DESTROYED"),
      "this service has closed its connections to the database",
    ],
    ["CONNECTION_ENDED", failure("CONNECTION_ENDED"), "this service has closed its connections to the database"],
    ["CONNECT_TIMEOUT", failure("CONNECT_TIMEOUT"), "the database did not answer a new connection in time"],
    ["ECONNREFUSED", ofStatement("ECONNREFUSED"), "the database refuses connections"],
    ["ECONNRESET", ofStatement("ECONNRESET"), LOST],
    ["EPIPE", ofStatement("EPIPE"), LOST],
    ["ETIMEDOUT", ofStatement("ETIMEDOUT"), "the database did not answer in time"],
    ["EHOSTUNREACH", ofStatement("EHOSTUNREACH"), UNREACHED],
    ["ENOTFOUND", ofStatement("ENOTFOUND"), "the name of the database's host cannot be looked up"],
    ["EMFILE", ofStatement("EMFILE"), "this service has too many files open to reach the database"],
    ["08006", fromServer("08006"), LOST],
    ["08P01", fromServer("08P01"), LOST],
    ["25P03", fromServer("25P03"), "the database ended a transaction that stood idle"],
    ["53100", fromServer("53100"), "the disk of the database is full"],
    ["53200", fromServer("53200"), "the database is out of memory"],
    ["53300", fromServer("53300"), "the database has no connection left"],
    ["57P01", fromServer("57P01"), "the database ended the connection"],
    ["57P02", fromServer("57P02"), "the database crashed and starts again"],
    ["57P03", fromServer("57P03"), "the database is starting up or shutting down"],
    ["58030", fromServer("58030"), "the database cannot use its disk"],
    [
      "one inside another",
      new Error("Failed query", { cause: fromServer("57P01") }),
      "the database ended the connection",
    ],
  ])("%s", (_code, error, reason) => {
    const known = toSomaError(error);
    expect(known).toMatchObject({ code: "UNAVAILABLE", retryable: true, httpStatus: 503, cause: error });
    expect(known.publicMessage).toBe(`${reason}; try again`);
    expect(known.publicMessage).not.toContain("secret-host");
  });

  it.each([
    ["a row that is there already", fromServer("23505")],
    ["a dropped database", fromServer("57P04")],
    ["a wrong password", fromServer("28P01")],
    ["a refused socket of something else", failure("ECONNREFUSED")],
    ["a SQLSTATE that the server did not say", failure("53100")],
    ["a code that is a name of every object", failure("constructor", { query: "", parameters: [] })],
    ["a code that is a number", Object.assign(new Error("no"), { code: 53100 })],
    ["no code", new Error("no")],
    ["no error", "CONNECTION_CLOSED"],
  ])("leaves %s alone", (_what, error) => {
    expect(whyUnavailable(error)).toBeUndefined();
    expect(toSomaError(error).code).toBe("INTERNAL");
  });

  it("keeps what is known already", () => {
    const known = new SomaError("NOT_FOUND", "no", { cause: fromServer("57P01") });
    expect(toSomaError(known)).toBe(known);
  });
});

describe("whyUnavailable()", () => {
  it("takes a refused socket for the database's when only the database was asked", () => {
    expect(whyUnavailable(failure("ECONNREFUSED"), { asked: true })).toBe("the database refuses connections");
    expect(whyUnavailable(failure("23505"), { asked: true })).toBeUndefined();
  });

  it("does not follow causes for ever", () => {
    const one = new Error("one");
    one.cause = new Error("two", { cause: one });
    expect(whyUnavailable(one)).toBeUndefined();
  });
});
