import { loadMode, secretsOf } from "@soma/conf/modes";
import { describe, expect, it } from "vitest";
import { listSettings } from "./list-settings.ts";
import { toSecretFiles } from "./to-secret-files.ts";

const pair = (name: string) => ({
  privateKey: { kty: "OKP", d: `d-${name}` },
  publicKey: { kty: "OKP", x: `x-${name}` },
});
const files = toSecretFiles({
  postgres: { owner: "own", request: "req", worker: "wor" },
  internal: pair("internal"),
  decision: pair("decision"),
  user: pair("user"),
});
const namesIn = (file: string): string[] =>
  [...(files.get(file) ?? "").matchAll(/^(\w+)=/gm)].map(([, name = ""]) => name);

describe("toSecretFiles()", () => {
  it("tells each service what it reads of the mode's secrets, and nothing else", () => {
    const secrets = Object.keys(secretsOf(loadMode("dev_prod")));
    for (const { env, readBy } of listSettings()) {
      const holders = [...files.keys()].filter((file) => namesIn(file).includes(env)).map((file) => file.slice(0, -4));
      const told = env === "SOMA_EVENT_BUS" ? ["memory"] : [];
      expect([env, holders.toSorted()]).toEqual([env, secrets.includes(env) ? readBy.toSorted() : told]);
    }
    expect(files.get("memory.env")).toContain("\nSOMA_EVENT_BUS=hold\n");
    expect(namesIn("tables.env")).toEqual(["DATABASE_URL", "OWNER_DATABASE_URL", "WORKER_DATABASE_URL"]);
  });

  it("has Postgres and Redis open with the passwords that the addresses have", () => {
    expect(files.get("tables.env")).toContain("OWNER_DATABASE_URL=postgres://soma_owner:own@postgres:5432/soma\n");
    expect(files.get("runs.env")).toContain("DATABASE_URL=postgres://soma_request:req@postgres:5432/soma\n");
    expect(files.get("postgres.env")).toContain("POSTGRES_PASSWORD=own\n");
    const password = /^REDISCLI_AUTH=(\S{40,})\n$/.exec(files.get("redis.env") ?? "")?.[1];
    expect(files.get("gateway.env")).toContain(`SOMA_GATEWAY_REDIS_URL=redis://:${password}@redis:6379/0\n`);
  });

  it("has keys as JSON that stands bare on its line, without what compose would take for a variable or a comment", () => {
    expect(files.get("policy.env")).toContain('SOMA_DECISION_SIGNING_KEY={"kty":"OKP","d":"d-decision"}\n');
    for (const [name, text] of files) expect([name, /[$'\\]|\s#/.test(text)]).toEqual([name, false]);
  });
});
