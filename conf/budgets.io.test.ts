import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { budgetsOf, loadBudgets } from "./budgets.ts";

const SETTINGS = `currency: EUR
whenSpent: end
raisedBy: approver
withoutPrice: refuse
maxOutputTokens: 100
minOutputTokens: 10
`;

describe("loadBudgets()", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "soma-budgets-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const load = async (yaml: string) => {
    await writeFile(join(folder, "budgets.yaml"), SETTINGS + yaml);
    return loadBudgets(pathToFileURL(`${folder}/`));
  };

  it("takes the shipped file, which limits nothing, where a folder has none", () => {
    const conf = loadBudgets(pathToFileURL(`${folder}/elsewhere/`));
    expect(conf).toMatchObject({ currency: "USD", whenSpent: "park" });
    expect(budgetsOf(conf, "anyone")).toEqual({});
  });

  it("gives a tenant what it says, and the default for the rest", async () => {
    const conf = await load("default: {day: {money: 5}, run: {money: 0.5}}\ntenants: {acme: {run: {tokens: 9}}}");
    expect(budgetsOf(conf, "acme")).toEqual({ day: { money: 5 }, run: { tokens: 9 } });
    expect(budgetsOf(conf, "constructor")).toEqual({ day: { money: 5 }, run: { money: 0.5 } });
  });

  it("refuses what is no limit, all at once", async () => {
    const wrong = load("default: {day: {money: -1, dollars: 3}, run: {tokens: 0.5}}\ntenants: {Acme: {}}");
    await expect(wrong).rejects.toThrow(/money[\s\S]*dollars[\s\S]*tokens[\s\S]*Acme|budgets.yaml has faults/);
  });

  it("refuses a limit of a role that there is not, which would limit nothing", async () => {
    const roles = "{no-such: {day: {money: 1}}, agent: {}, constructor: {}}";
    const wrong = load(`default: {roles: ${roles}}\ntenants: {acme: {roles: {gone: {total: {tokens: 1}}}}}`);
    await expect(wrong).rejects.toThrow(
      /\/default\/roles\/no-such is no role of roles.yaml[\s\S]*constructor[\s\S]*\/tenants\/acme\/roles\/gone is no role/,
    );
  });
});
