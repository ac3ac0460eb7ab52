import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RunsDocument } from "@soma/graphql/operations";
import { until } from "@soma/shared/testing/until";
import { parse } from "graphql";
import { afterEach, describe, expect, it } from "vitest";
import { readRegisteredDocuments } from "../node/read-documents.ts";
import { createRegisteredDocuments } from "../operations/registered-documents.ts";
import { createLab, type Lab } from "../testing/lab.ts";

const HASH = "a".repeat(64);
const KNOWN = 'query Known { echo(value: "known") }';
const OTHER = 'query Other { echo(value: "other") }';
const persisted = (sha256Hash: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } });
const answered = { data: { echo: "known" }, errors: [] };

describe("a gateway of registered documents", () => {
  let lab: Lab;
  afterEach(() => lab.close());
  const start = async (only: boolean) => {
    lab = await createLab(
      {},
      { inProcess: { options: { documents: createRegisteredDocuments({ byId: { [HASH]: KNOWN }, only }) } } },
    );
  };
  const get = async (parameters: Record<string, string>) => {
    const headers = { authorization: `Bearer ${await lab.token()}` };
    const response = await fetch(`${lab.url}/graphql?${new URLSearchParams(parameters)}`, { headers });
    return (await response.json()) as Record<string, unknown>;
  };

  it("takes a document by its id and by its text, on every transport", async () => {
    await start(true);
    for (const payload of [{ documentId: HASH }, { documentId: `sha256:${HASH}` }, persisted(HASH), { query: KNOWN }])
      expect(await lab.post(payload)).toMatchObject(answered);
    expect(await get({ documentId: HASH })).toMatchObject({ data: answered.data });
    expect(await get({ extensions: JSON.stringify(persisted(HASH).extensions) })).toMatchObject({
      data: answered.data,
    });
    const socket = await lab.openSocket();
    socket.send({ id: "1", type: "subscribe", payload: { query: "", ...persisted(HASH) } });
    await until("it is answered", () => socket.messages.length === 3);
    expect(socket.messages[1]).toMatchObject({ type: "next", payload: { data: answered.data } });
  });

  it("refuses every other document, on every transport, and says so", async () => {
    await start(true);
    const refused = [{ extensions: { code: "PERSISTED_QUERY_NOT_FOUND", retryable: false } }];
    for (const payload of [
      { query: OTHER },
      { documentId: "b" },
      persisted("b"),
      { query: "{ __schema { types { name } } }" },
    ])
      expect(await lab.post(payload)).toMatchObject({ status: 404, errors: refused });
    expect(await get({ query: OTHER })).toMatchObject({ errors: refused });
    const socket = await lab.openSocket();
    socket.send({ id: "1", type: "subscribe", payload: { query: OTHER } });
    socket.send({ id: "2", type: "subscribe", payload: { query: "", ...persisted("b") } });
    await until("both are refused", () => socket.messages.length === 3);
    for (const message of socket.messages.slice(1)) expect(message).toMatchObject({ type: "error", payload: refused });
  });

  it("takes any text where it is not of registered ones only", async () => {
    await start(false);
    expect((await lab.post({ query: OTHER })).data).toEqual({ echo: "other" });
    expect((await lab.post({ documentId: HASH })).data).toEqual(answered.data);
  });
});

describe("readRegisteredDocuments()", () => {
  it("reads the documents of our own clients, and those of a file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "soma-documents-"));
    const file = join(folder, "documents.json");
    try {
      await writeFile(file, JSON.stringify({ [HASH]: KNOWN }));
      const documents = await readRegisteredDocuments({ file, only: true });
      expect(documents.get(HASH)).toBe(KNOWN);
      expect(() => documents.check(parse(String(RunsDocument)))).not.toThrow();
      expect(() => documents.check(parse(OTHER))).toThrow("not registered");
      for (const [text, message] of [
        ["{", "is not a JSON object"],
        ["[]", "is not a JSON object"],
        ['{"a":1}', "is not a JSON object"],
        ['{"a":"{"}', '"a" cannot be read'],
      ] as const) {
        await writeFile(file, text);
        await expect(readRegisteredDocuments({ file, only: false })).rejects.toThrow(message);
      }
      await expect(readRegisteredDocuments({ file: join(folder, "none"), only: false })).rejects.toThrow(
        "cannot be read",
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
