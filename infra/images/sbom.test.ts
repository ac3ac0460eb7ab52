import { describe, expect, it } from "vitest";
import { toSbom } from "./sbom.ts";

const packages = {
  "node_modules/graphql": {
    version: "16.15.0",
    license: "MIT",
    integrity: `sha512-${Buffer.from("ab").toString("base64")}`,
  },
  "node_modules/@soma/shared": { link: true },
  "subgraphs/shared": { version: "0.1.0" },
  "node_modules/a/node_modules/@grpc/grpc-js": { version: "1.0.0" },
  "node_modules/@grpc/grpc-js": { version: "1.0.0" },
};

describe("toSbom()", () => {
  it("lists each package of others once, with where it is from, and nothing of ours", () => {
    const sbom = JSON.parse(toSbom({ name: "soma-server", version: "0.1.0", packages }));
    expect(sbom).toMatchObject({ bomFormat: "CycloneDX", metadata: { component: { name: "soma-server" } } });
    expect(sbom.components).toEqual([
      { type: "library", name: "@grpc/grpc-js", version: "1.0.0", purl: "pkg:npm/%40grpc/grpc-js@1.0.0" },
      {
        type: "library",
        name: "graphql",
        version: "16.15.0",
        purl: "pkg:npm/graphql@16.15.0",
        licenses: [{ expression: "MIT" }],
        hashes: [{ alg: "SHA-512", content: "6162" }],
      },
    ]);
  });

  it("makes the same text of the same packages", () => {
    const turned = Object.fromEntries(Object.entries(packages).toReversed());
    expect(toSbom({ name: "a", version: "1", packages: turned })).toBe(toSbom({ name: "a", version: "1", packages }));
  });
});
