import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keptMs, limitsOf, loadTenants } from "./tenants.ts";

describe("loadTenants()", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "soma-tenants-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const load = async (yaml: string) => {
    await writeFile(join(folder, "tenants.yaml"), yaml);
    return loadTenants(pathToFileURL(`${folder}/`));
  };

  it("takes the shipped file where a folder has none", () => {
    const conf = loadTenants(pathToFileURL(`${folder}/elsewhere/`));
    expect(limitsOf(conf, "anyone")).toEqual({ weight: 1, maxUnfinished: 10_000 });
  });

  it("gives a tenant what it says, and the default for the rest", async () => {
    const conf = await load("default: {weight: 2, maxUnfinished: 50}\ntenants: {acme: {maxRunning: 3}}");
    expect(limitsOf(conf, "acme")).toEqual({ weight: 2, maxUnfinished: 50, maxRunning: 3 });
    expect(limitsOf(conf, "constructor")).toEqual({ weight: 2, maxUnfinished: 50 });
  });

  it("keeps runs for ever unless it says for how many days, for all or for one", async () => {
    const days = (conf: Awaited<ReturnType<typeof load>>, tenant: string) => keptMs(limitsOf(conf, tenant));
    expect(days(loadTenants(), "acme")).toBeUndefined();
    const all = "default: {weight: 1, maxUnfinished: 9, retention: {runs: 30d}}\n";
    const conf = await load(`${all}tenants: {acme: {retention: {runs: 2d}}, law: {retention: {runs: forever}}}`);
    expect(["acme", "law", "other"].map((tenant) => days(conf, tenant))).toEqual([
      172_800_000,
      undefined,
      2_592_000_000,
    ]);
    for (const wrong of ["0d", "30", "30h", "{}"])
      await expect(
        load(`default: {weight: 1, maxUnfinished: 9, retention: {runs: ${wrong}}}\ntenants: {}`),
      ).rejects.toThrow(/retention/);
  });

  it("refuses weights and limits that would start nothing, all at once", async () => {
    const wrong = load("default: {weight: 0, maxUnfinished: 0}\ntenants: {Acme: {}}");
    await expect(wrong).rejects.toThrow(/weight[\s\S]*maxUnfinished[\s\S]*Acme/);
  });
});
