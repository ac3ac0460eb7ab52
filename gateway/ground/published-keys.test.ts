import type { TimedKey } from "@soma/shared/identity/key-ring";
import { createKeys } from "@soma/shared/testing/principals";
import { describe, expect, it } from "vitest";
import { toVerifyKeys } from "../upstream/fetch-jwks.ts";
import { createPublishedKeys } from "./published-keys.ts";

const key = (kid: string, changes: Partial<TimedKey> = {}): TimedKey => ({
  ...{ kty: "OKP", crv: "Ed25519", x: kid, kid },
  ...changes,
});

describe("createPublishedKeys()", () => {
  it("tells the keys that verify now, in the form in which those of an issuer are taken", () => {
    let [keys, at] = [[key("a", { exp: 10 }), key("b")], 0];
    const published = createPublishedKeys(
      () => keys,
      () => at,
    );
    const kids = () => toVerifyKeys(JSON.parse(published())).map(({ kid }) => kid);
    expect(kids()).toEqual(["a", "b"]);
    expect(published()).toBe(published());
    at = 10;
    expect(kids()).toEqual(["b"]);
    keys = [key("b"), key("c")];
    expect(kids()).toEqual(["b", "c"]);
  });

  it("tells nothing of a private key, and nothing else that stands in a file", async () => {
    const { privateKey } = await createKeys();
    const published = createPublishedKeys(() => [{ ...privateKey, kid: "a", nbf: 5, note: "of Ada" }]);
    expect(JSON.parse(published())).toEqual({
      keys: [{ kty: "OKP", crv: "Ed25519", x: privateKey.x, kid: "a", alg: "EdDSA", use: "sig" }],
    });
  });
});
