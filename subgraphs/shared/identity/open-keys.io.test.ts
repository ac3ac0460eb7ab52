import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLifecycle } from "../lifecycle.ts";
import { createSilentLog } from "../log.ts";
import { aPrincipal, createKeys } from "../testing/principals.ts";
import { until } from "../testing/until.ts";
import { createPrincipalSigner, createPrincipalVerifier } from "./internal-token.ts";
import { openKeys } from "./open-keys.ts";

const log = createSilentLog();

describe("openKeys()", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "soma-keys-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("takes the keys of a setting as they are", async () => {
    const { publicKey } = await createKeys();
    const lifecycle = createLifecycle(log);
    const config = { internalVerifyKey: [publicKey], internalVerifyKeyFile: "" };
    const ring = await openKeys(config, "internalVerifyKey", { log, lifecycle });
    expect(ring()).toEqual([publicKey]);
    await lifecycle.close();
  });

  it("refuses the other half of a pair, what is no key, no JSON and no file, and quotes none of it", async () => {
    const { publicKey, privateKey } = await createKeys();
    const lifecycle = createLifecycle(log);
    const file = join(folder, "bad.json");
    const following = { log, lifecycle };
    const verifying = { internalVerifyKey: undefined, internalVerifyKeyFile: file };
    const signing = { internalSigningKey: undefined, internalSigningKeyFile: file };
    const toVerify = (text: string) =>
      writeFile(file, text).then(() => openKeys(verifying, "internalVerifyKey", following));
    const toSign = (text: string) =>
      writeFile(file, text).then(() => openKeys(signing, "internalSigningKey", following));
    await expect(toVerify(JSON.stringify(privateKey))).rejects.toThrow("its text has a private key");
    await expect(toSign(JSON.stringify(publicKey))).rejects.toThrow("its text has a public key");
    await expect(toVerify('{"kty":"OKP","crv":"Ed25519"}')).rejects.toThrow("has a key that cannot be used");
    const cutOff: Error = await toSign(JSON.stringify(privateKey).slice(0, -9)).then(
      () => new Error("it opened"),
      (error: Error) => error,
    );
    expect(cutOff).toMatchObject({
      faults: [`SOMA_INTERNAL_SIGNING_KEY_FILE: "${file}" cannot be taken: its text is not JSON`],
    });
    expect(cutOff.cause).toBeUndefined();
    const gone = { ...signing, internalSigningKeyFile: join(folder, "none") };
    await expect(openKeys(gone, "internalSigningKey", following)).rejects.toThrow("ENOENT");
    const wrong = { ...gone, internalSigningKey: [{ ...privateKey, x: "" }] };
    await expect(openKeys(wrong, "internalSigningKey", following)).rejects.toThrow(
      "SOMA_INTERNAL_SIGNING_KEY: its value has a key that cannot be used",
    );
    await lifecycle.close();
  });

  it("takes a new key from a secret that is mounted, whose folder changes by a link, and refuses nobody meanwhile", async () => {
    const [old, next] = await Promise.all([createKeys(), createKeys()]);
    const mount = async (name: string, keys: { signing: object[]; verifying: object[] }): Promise<void> => {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, "private.json"), JSON.stringify({ keys: keys.signing }));
      await writeFile(join(folder, name, "public.json"), JSON.stringify({ keys: keys.verifying }));
      await symlink(name, join(folder, "data.new"));
      await rename(join(folder, "data.new"), join(folder, "data"));
    };
    await mount("1", { signing: [old.privateKey], verifying: [old.publicKey, { ...next.publicKey, kid: "next" }] });
    const lifecycle = createLifecycle(log);
    const [signing, verifying] = [join(folder, "data", "private.json"), join(folder, "data", "public.json")];
    const config = {
      internalSigningKey: undefined,
      internalSigningKeyFile: signing,
      internalVerifyKey: undefined,
      internalVerifyKeyFile: verifying,
    };
    const signs = await openKeys(config, "internalSigningKey", { log, lifecycle });
    const verifies = await openKeys(config, "internalVerifyKey", { log, lifecycle });
    const verify = createPrincipalVerifier(verifies);
    const check = async (): Promise<void> => {
      const principal = aPrincipal();
      expect(await verify(await createPrincipalSigner(signs, "soma-gateway")(principal))).toEqual(principal);
    };
    await check();
    await mount("2", {
      signing: [{ ...next.privateKey, kid: "next", nbf: 1 }],
      verifying: [old.publicKey, { ...next.publicKey, kid: "next" }],
    });
    await until("the new key signs", async () => {
      await check();
      return signs()[0]?.kid === "next";
    });
    await check();
    await lifecycle.close();
  });
});
