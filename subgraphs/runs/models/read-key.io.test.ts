import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readKey } from "./read-key.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "soma-keys-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("readKey() finds a key by its reference, without what is around it, or says what is missing", async () => {
  const file = join(folder, "key");
  await writeFile(file, " sk-in-a-file\n");
  expect(readKey({}, {})).toEqual({});
  expect(readKey({ apiKeyEnv: "K" }, { K: " sk-in-a-variable " })).toEqual({ apiKey: "sk-in-a-variable", from: "K" });
  expect(readKey({ apiKeyEnv: "K" }, { K: " " })).toEqual({ fault: "K is not set" });
  expect(readKey({ apiKeyFile: file }, {})).toEqual({ apiKey: "sk-in-a-file", from: `the key in ${file}` });
  await writeFile(file, "\n");
  expect(readKey({ apiKeyFile: file }, {})).toEqual({ fault: `${file} is empty` });
  expect(readKey({ apiKeyFile: folder }, {})).toEqual({ fault: `its key cannot be read from ${folder} (EISDIR)` });
});
