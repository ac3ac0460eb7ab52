import { describe, expect, it } from "vitest";
import { readTablesConfig } from "./tables-config.ts";

const env = {
  OWNER_DATABASE_URL: "postgres://owner:o@db.example.com/soma",
  DATABASE_URL: "postgres://soma_request:p%40ss@db.example.com/soma",
  WORKER_DATABASE_URL: "postgres://soma_worker:w@db.example.com/soma",
};

describe("readTablesConfig()", () => {
  it("takes the passwords of the roles from the addresses that their processes are given", () => {
    const passwords = { request: "p@ss", worker: "w" };
    expect(readTablesConfig(env)).toEqual({ ownerUrl: env.OWNER_DATABASE_URL, passwords });
  });

  it("refuses the address of another user, and one without a password, each by the name of its setting", () => {
    const read = (changed: object) => () => readTablesConfig({ ...env, ...changed });
    expect(read({ DATABASE_URL: env.OWNER_DATABASE_URL })).toThrow("DATABASE_URL is to have the user soma_request");
    expect(read({ WORKER_DATABASE_URL: "postgres://soma_worker@db.example.com/soma" })).toThrow(
      "WORKER_DATABASE_URL is to have the user soma_worker and its password",
    );
    expect(read({ OWNER_DATABASE_URL: "" })).toThrow("OWNER_DATABASE_URL is not set");
  });
});
