import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPrincipalSigner, createPrincipalVerifier } from "@soma/shared/identity/internal-token";
import { findSigningKey, parseKeys } from "@soma/shared/identity/key-ring";
import { tryLock } from "@soma/shared/kernel-lock";
import { aPrincipal, createKeys } from "@soma/shared/testing/principals";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { rotateKeyFiles } from "./rotate-key-files.ts";

const folders: string[] = [];
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "soma-rotate-"));
  folders.push(dir);
});
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

const TIMES = { afterS: 300, keepS: 3_900 };
const now = new Date();
const keysOf = async (file: string) =>
  parseKeys(JSON.parse(await readFile(join(dir, file), "utf8")), file.includes("private") ? "sign" : "verify");
const rotate = (changes: object = {}, at = now) => rotateKeyFiles({ name: "internal", dir, ...TIMES, ...changes }, at);

describe("rotateKeyFiles()", () => {
  it("makes the files where there are none: the private one is its owner's alone", async () => {
    const report = await rotate();
    expect(report).toMatchObject({ name: "internal", verifying: [{ kid: report.kid, until: null }] });
    expect(report.kid).toMatch(/^internal-\d{8}T\d{6}Z-[0-9a-f]{6}$/);
    expect((await stat(report.files.private)).mode & 0o777).toBe(0o600);
    expect(await readFile(report.files.public, "utf8")).not.toContain('"d"');
  });

  it("adds a key that signs later, to keys that parts have read and to such as were made by hand", async () => {
    const { privateKey, publicKey } = await createKeys();
    await writeFile(join(dir, "internal-private.json"), JSON.stringify(privateKey));
    await writeFile(join(dir, "internal-public.json"), JSON.stringify(publicKey));
    const before = await createPrincipalSigner(privateKey, "soma-gateway")(aPrincipal());
    const report = await rotate();
    const [signing, verifying] = [await keysOf("internal-private.json"), await keysOf("internal-public.json")];
    const nowS = Math.floor(now.getTime() / 1_000);
    expect(findSigningKey(signing, nowS).kid).toBeUndefined();
    expect(findSigningKey(signing, nowS + 300).kid).toBe(report.kid);
    const verify = createPrincipalVerifier(() => verifying);
    expect(await verify(before)).toEqual(aPrincipal());
    const newest = signing.filter(({ kid }) => kid === report.kid);
    expect(await verify(await createPrincipalSigner(() => newest, "soma-worker")(aPrincipal()))).toEqual(aPrincipal());
    expect(report.verifying.map(({ until }) => until)).toEqual([new Date((nowS + 4_200) * 1_000).toISOString(), null]);
  });

  it("leaves nothing of the keys before when one has to go at once", async () => {
    await rotate();
    const report = await rotate({ afterS: 0, keepS: 0 });
    for (const file of ["internal-private.json", "internal-public.json"])
      expect((await keysOf(file)).map(({ kid }) => kid)).toEqual([report.kid]);
  });

  it("goes on from what one that was killed between its writes has left", async () => {
    await rotate();
    const [file, kept] = [join(dir, "internal-private.json"), await readFile(join(dir, "internal-private.json"))];
    const old = await keysOf("internal-public.json");
    await rotate();
    const [, lost] = await keysOf("internal-public.json");
    await writeFile(file, kept);
    await writeFile(join(dir, "internal-public.json"), JSON.stringify({ keys: [...old, lost] }));
    const report = await rotate({ afterS: 0, keepS: 0 });
    for (const each of ["internal-private.json", "internal-public.json"])
      expect((await keysOf(each)).map(({ kid }) => kid)).toEqual([report.kid]);
  });

  it("leaves the files to whoever could read them", async () => {
    const { files } = await rotate();
    await chmod(files.private, 0o640);
    await chmod(files.public, 0o664);
    const before = await stat(files.private);
    await rotate();
    const [after, known] = [await stat(files.private), await stat(files.public)];
    expect([after.mode & 0o777, after.uid, after.gid]).toEqual([0o640, before.uid, before.gid]);
    expect(known.mode & 0o777).toBe(0o664);
  });

  it("refuses to run beside another, and times that are none, and changes nothing", async () => {
    const { files } = await rotate();
    const before = await readFile(files.public, "utf8");
    const lock = tryLock(join(dir, ".internal.lock"));
    await expect(rotate()).rejects.toThrow('another command changes the keys "internal" now');
    lock?.release();
    for (const times of [{ afterS: Number.NaN }, { keepS: -1 }, { afterS: 0.5 }])
      await expect(rotate(times)).rejects.toThrow("is not a whole number of seconds");
    expect(await readFile(files.public, "utf8")).toBe(before);
    await rotate();
  });

  it("refuses a second key before the first one begins, and changes nothing", async () => {
    await rotate();
    await rotate();
    const before = await readFile(join(dir, "internal-private.json"), "utf8");
    await expect(rotate()).rejects.toThrow("a new key begins at");
    expect(await readFile(join(dir, "internal-private.json"), "utf8")).toBe(before);
  });

  it("refuses keys there are not, files that do not belong together, and what is no key, of which it quotes nothing", async () => {
    await expect(rotate({ name: "user" })).rejects.toThrow('there are no keys "user"; there are internal, decision');
    const { privateKey } = await createKeys();
    await writeFile(join(dir, "internal-private.json"), JSON.stringify(privateKey));
    await expect(rotate()).rejects.toThrow("they do not belong together");
    await writeFile(join(dir, "internal-private.json"), JSON.stringify(privateKey).slice(0, -9));
    await expect(rotate()).rejects.toThrow(/internal-private\.json is not JSON$/);
    await writeFile(join(dir, "internal-private.json"), '{"kty":"RSA"}');
    await expect(rotate()).rejects.toThrow("internal-private.json is not an Ed25519 JWK");
  });
});
