import { createLocalBus } from "@soma/shared/bus/local-bus";
import type { Running } from "@soma/shared/subgraph-settings";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aFalcoAlert } from "./testing/falco.ts";
import { type Answer, createPolicyFixture, type PolicyFixture } from "./testing/fixture.ts";

const TOKEN = "a-token-of-the-watch-0123456789_abcdef";
const AUDIT = `{ auditEvents(filter: { category: [SECURITY] }) { nodes { actor subject decision reason meta } } }`;
const SETTINGS = { SOMA_WATCH_TOKEN: TOKEN, SOMA_WATCH_TENANT: "ops" };

describe("the door of the watch", () => {
  const bus = createLocalBus();
  const published: unknown[] = [];
  let fixture: PolicyFixture;
  let running: Running;

  const send = (body: string | object, headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }) =>
    fetch(new URL("/watch/falco", running.url), {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  const statusOf = async (...args: Parameters<typeof send>): Promise<number> => (await send(...args)).status;
  async function auditOf(tenant: string, rule: string): Promise<Answer[]> {
    const client = await fixture.clientOf(running);
    const { auditEvents } = (await client.request(AUDIT, {}, { principal: aPrincipal({ tenant }) })) as Answer;
    return auditEvents.nodes.filter(({ reason }: Answer) => reason === rule);
  }

  beforeAll(async () => {
    fixture = await createPolicyFixture("policy_watch");
    await bus.subscribe({ type: "agent.audit.v1", group: "watch-test" }, async ({ value }) => {
      published.push(JSON.parse(value));
    });
    running = await fixture.start(SETTINGS, bus);
  });
  afterAll(() => fixture.close());

  it("keeps an alert in the audit of its tenant alone, and publishes it once, however often it is sent", async () => {
    const alert = aFalcoAlert({ rule: "Told twice" });
    expect([await statusOf(alert), await statusOf(alert)]).toEqual([204, 204]);
    expect(await auditOf("ops", "Told twice")).toEqual([
      expect.objectContaining({ actor: "falco", decision: "alert", subject: "container:6d1a4a7c0f2e" }),
    ]);
    expect(await auditOf("acme", "Told twice")).toEqual([]);
    await send(aFalcoAlert({ rule: "Told after" }));
    const told = () => published.map((each) => (each as Answer).reason);
    await until("the alerts are published", () => told().includes("Told after"));
    expect(told().filter((rule) => rule === "Told twice")).toHaveLength(1);
  });

  it("takes its token as libcurl sends what a URL names, and as Bearer, and nothing else", async () => {
    const basic = (pair: string) => ({ authorization: `Basic ${Buffer.from(pair).toString("base64")}` });
    expect(await statusOf(aFalcoAlert(), basic(`falco:${TOKEN}`))).toBe(204);
    for (const headers of [{}, basic("falco:"), basic(TOKEN.slice(1)), { authorization: `Bearer ${TOKEN}x` }])
      expect([headers, await statusOf(aFalcoAlert(), headers)]).toEqual([headers, 401]);
    expect((await fetch(new URL("/watch/falco", running.url))).status).toBe(404);
  });

  it("keeps what a hostile command says as text", async () => {
    const words = 'sh -c \'x\u0000\ud800\' \u202e \u001b[2J {"rule":"forged"} \'; drop table audit_event; --';
    const text = JSON.stringify(aFalcoAlert({ rule: "Hostile", output: words })).replace(
      '"evt.type"',
      '"evt.time":1764303069482913021,"__proto__":{"tenant":"acme"},"evt.type"',
    );
    expect(await statusOf(text)).toBe(204);
    const [{ meta }] = (await auditOf("ops", "Hostile")) as [Answer];
    expect(meta.output).toBe(words.replace("\u0000", "\ufffd").replace("\ud800", "\ufffd"));
    expect(meta.fields["evt.time"]).toBe("1764303069482913021");
  });

  it("refuses what is no alert, is nested without end, or is too large", async () => {
    expect(await statusOf("04:11:09: Critical a line of text")).toBe(400);
    expect(await statusOf("[".repeat(60_000))).toBe(400);
    expect(await statusOf(`${"[".repeat(30_000)}${"]".repeat(30_000)}`)).toBe(400);
    const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
    expect(await statusOf(JSON.stringify(aFalcoAlert()).replace('"source"', `"x":${deep},"source"`))).toBeLessThan(500);
    expect(await statusOf(aFalcoAlert({ priority: "Great" }))).toBe(400);
    expect(await statusOf(aFalcoAlert({ output: "x".repeat(70_000) }))).toBe(413);
  });

  it("says no to more than it keeps, and is not there without a token", async () => {
    const one = aFalcoAlert({ rule: "Told of everything" });
    const statuses = await Promise.all(Array.from({ length: 400 }, () => statusOf(one)));
    expect(statuses.filter((each) => each === 429).length).toBeGreaterThan(50);
    const without = await fixture.start();
    expect((await fetch(new URL("/watch/falco", without.url), { method: "POST" })).status).toBe(404);
  });

  it("is not opened with a token that can be guessed, or for no tenant", async () => {
    await expect(fixture.start({ ...SETTINGS, SOMA_WATCH_TOKEN: "falco" })).rejects.toThrow("SOMA_WATCH_TOKEN");
    await expect(fixture.start({ ...SETTINGS, SOMA_WATCH_TENANT: "" })).rejects.toThrow("SOMA_WATCH_TENANT");
  });
});
