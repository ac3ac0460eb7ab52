import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { loadModels, type ModelProfile } from "@soma/conf/models";
import { afterEach, describe, expect, test } from "vitest";
import { loadProviders, settingsOf } from "../load-providers.ts";
import { createClientHarness, KEY } from "./client-harness.ts";
import { DOCUMENTED, DOORS, NO_DOOR } from "./documented.ts";
import { startModelServer } from "./model-server.ts";
import { assist, HEARD, threeTurns } from "./three-turns.ts";

const { closeLater, close } = createClientHarness();
const providers = await loadProviders();

afterEach(close);

/** Every profile of the page, as a models.yaml of a person's own has them. */
function readProfiles(): Record<string, ModelProfile> {
  const folder = mkdtempSync(join(tmpdir(), "soma-profiles-"));
  const indented = DOCUMENTED.join("").replaceAll(/^(?=.)/gm, "  ");
  writeFileSync(join(folder, "models.yaml"), `default: openai\nauto: [openai]\nprofiles:\n${indented}`);
  try {
    return loadModels(settingsOf(providers), { folder: pathToFileURL(`${folder}/`) }).profiles;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const profiles = readProfiles();

/** Every variable is set. */
const env = new Proxy<Record<string, string>>({}, { get: () => KEY });

const look = (name: string, send: typeof fetch) => {
  const profile = profiles[name];
  const provider = providers.get(profile?.provider ?? "");
  if (profile === undefined || provider === undefined) throw new Error(`the page has no profile ${name}`);
  return provider.look({ name, profile, env, fetch: send, named: true });
};

describe("the page that tells how to connect a model", () => {
  test("has a profile for each stand-in, and a stand-in for each profile", () => {
    expect(Object.keys(profiles).toSorted()).toEqual([...Object.keys(DOORS), ...NO_DOOR].toSorted());
  });

  test.each(Object.entries(DOORS))("has a profile that works as it is written: %s", async (name, door) => {
    const model = profiles[name]?.model || "test-model";
    const isLocal = profiles[name]?.model === "";
    const options = { answer: threeTurns, models: ["nomic-embed-text", model], ...(isLocal ? {} : { apiKey: KEY }) };
    const server = closeLater(await startModelServer(door(), options));
    const swapped: typeof fetch = (input, init) =>
      fetch(String(input).replace(/^https?:\/\/[^/]+/, server.origin), init);
    const found = await look(name, swapped);
    if (!found.usable) throw new Error(found.why);
    expect(found.client.model).toBe(model);
    const run = await assist(found.client);
    expect([run.status, run.error, run.answer]).toEqual(["SUCCEEDED", undefined, HEARD]);
  });

  test.each([...NO_DOOR])("has a profile that can be used: %s", async (name) => {
    expect(await look(name, fetch)).toMatchObject({ usable: true });
  });
});
