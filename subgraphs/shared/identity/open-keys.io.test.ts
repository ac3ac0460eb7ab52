import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLifecycle } from "../lifecycle.ts";
import { createSilentLog } from "../log.ts";
import { aPrincipal, createKeys } from "../testing/principals.ts";
import { until } from "../testing/until.ts";
import { createPrincipalSigner, createPrincipalVerifier } from "./internal-token.ts";
import { openInternalSigningKeys, openInternalVerifyKeys, openKeys } from "./open-keys.ts";

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
    const ring = await openInternalVerifyKeys(
      { internalVerifyKey: [publicKey], internalVerifyKeyFile: "" },
      { log, lifecycle },
    );
    expect(ring()).toEqual([publicKey]);
    await lifecycle.close();
  });

  it("refuses the other half of a pair, what is no key, no JSON and no file, and quotes none of it", async () => {
    const { publicKey, privateKey } = await createKeys();
    const lifecycle = createLifecycle(log);
    const file = join(folder, "bad.json");
    const open = (use: "sign" | "verify", text: string) =>
      writeFile(file, text).then(() => openKeys({ setting: "KEY", use, keys: undefined, file, log, lifecycle }));
    await expect(open("verify", JSON.stringify(privateKey))).rejects.toThrow("it holds a private key");
    await expect(open("sign", JSON.stringify(publicKey))).rejects.toThrow("it holds a public key");
    await expect(open("verify", '{"kty":"OKP","crv":"Ed25519"}')).rejects.toThrow("it holds a key that cannot be used");
    const cutOff: Error = await open("sign", JSON.stringify(privateKey).slice(0, -9)).then(
      () => new Error("it opened"),
      (error: Error) => error,
    );
    expect(cutOff.message).toBe(`KEY_FILE: "${file}" cannot be taken: it is not JSON`);
    const gone = { setting: "KEY", use: "sign", keys: undefined, file: join(folder, "none"), log, lifecycle } as const;
    await expect(openKeys(gone)).rejects.toThrow("ENOENT");
    await expect(openKeys({ ...gone, keys: [publicKey] })).rejects.toThrow("KEY: it holds a public key");
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
    const signs = await openInternalSigningKeys(
      { internalSigningKey: undefined, internalSigningKeyFile: signing },
      { log, lifecycle },
    );
    const verifies = await openInternalVerifyKeys(
      { internalVerifyKey: undefined, internalVerifyKeyFile: verifying },
      { log, lifecycle },
    );
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
