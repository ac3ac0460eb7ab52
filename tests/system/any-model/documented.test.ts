import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SendMessageDocument } from "@soma/graphql/operations";
import { scriptedAnswer } from "@soma/runs/models/testing";
import { newId } from "@soma/shared/ids";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DOCUMENTED, DOORS } from "../../../subgraphs/runs/models/testing/documented.ts";
import { type ModelServer, startModelServer } from "../../../subgraphs/runs/models/testing/model-server.ts";
import { createProduct, type ProductUnderTest } from "../product.ts";

const KEY = "sk-documented-0123456789";
/** Where a package of the AI SDK asks when its profile names no address. */
const PATHS: Record<string, string> = { anthropic: "/v1", gemini: "/v1beta" };
const NAMES = Object.keys(DOORS);

const nameOf = (block: string): string => block.split(":", 1)[0] ?? "";

/** A profile as the page has it, at the address of its stand-in. */
function at(block: string, origin: string): string {
  const path = PATHS[nameOf(block)];
  return path === undefined
    ? block.replace(/baseUrl: https?:\/\/[^/\s]+/, `baseUrl: ${origin}`)
    : `${block}  baseUrl: ${origin}${path}\n`;
}

describe("a product with every profile of the page that tells how to connect a model", () => {
  const servers = new Map<string, ModelServer>();
  let product: ProductUnderTest;
  let conf: string;

  beforeAll(async () => {
    conf = await mkdtemp(join(tmpdir(), "soma-documented-"));
    for (const name of ["budgets", "roles", "tenants"])
      await copyFile(fileURLToPath(new URL(`../../../conf/${name}.yaml`, import.meta.url)), join(conf, `${name}.yaml`));
    const blocks = DOCUMENTED.filter((block) => nameOf(block) in DOORS);
    const written: string[] = [];
    for (const block of blocks) {
      const name = nameOf(block);
      const model = /^ {2}model: "?([^"\n]*)"?$/m.exec(block)?.[1] || "test-model";
      // Azure's own header for the key goes to its own hosts alone.
      const apiKey = block.includes("apiKeyEnv") && name !== "azure" ? { apiKey: KEY } : {};
      const door = DOORS[name]?.();
      if (door === undefined) throw new Error(`there is no stand-in for ${name}`);
      const server = await startModelServer(door, { answer: scriptedAnswer, models: [model], ...apiKey });
      servers.set(name, server);
      written.push(at(block, server.origin).replaceAll(/^(?=.)/gm, "  "));
    }
    await writeFile(join(conf, "models.yaml"), `default: mistral\nauto: [mistral]\nprofiles:\n${written.join("")}`);
    const keys = [...DOCUMENTED.join("").matchAll(/apiKeyEnv: (\w+)/g)].map(([, name = ""]) => [name, KEY]);
    product = await createProduct();
    await product.start({ SOMA_CONF_DIR: conf, SOMA_MODEL_PROFILE: "mistral", ...Object.fromEntries(keys) });
  });
  afterAll(async () => {
    await product.close();
    for (const server of servers.values()) await server.close();
    await rm(conf, { recursive: true });
  });

  it("says with `soma doctor` which is used, and why", async () => {
    const { code, stdout } = await product.soma("doctor");
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining("mistral (mistral-large-latest): it was asked for by name"),
    ]);
  });

  it("lists each as usable with `soma models list`", async () => {
    const { code, stdout } = await product.soma("models", "list", "--json");
    const listed = JSON.parse(stdout) as { name: string; isUsable: boolean }[];
    expect([
      code,
      listed
        .filter(({ isUsable }) => isUsable)
        .map(({ name }) => name)
        .toSorted(),
    ]).toEqual([0, NAMES.toSorted()]);
  });

  it("says with `soma models test` what works, of as many as may be tested in a minute", async () => {
    for (const name of ["openai", "anthropic", "gemini", "mistral", "ollama", "vllm"]) {
      const { code, stdout, stderr } = await product.soma("models", "test", name);
      expect([name, code, stdout + stderr]).toEqual([
        name,
        0,
        expect.stringMatching(/✓ text .*✓ stream .*✓ tool call /s),
      ]);
    }
  });

  it.each(NAMES)("answers with a tool by the profile that a message names: %s", async (modelProfile) => {
    const input = { text: "What is 37*12?", modelProfile, idempotencyKey: newId() };
    const { sendMessage } = await product.client().request(SendMessageDocument, { input });
    const run = await product.ended(sendMessage.run.id);
    expect([run.modelProfile, run.error, run.answer]).toEqual([modelProfile, null, "37*12 = 444."]);
    expect(servers.get(modelProfile)?.requests.length).toBeGreaterThan(1);
  });
});
