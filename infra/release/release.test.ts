import { describe, expect, it } from "vitest";
import { chooseWayBack, readRevisions } from "./helm-history.ts";
import { OVERLAYS, readRelease } from "./read-release.ts";

const ENV = { DEPLOY_MODE: "prod", RELEASE_REGISTRY: "registry.example.com:5000/soma", RELEASE_TAG: "1.2.3" };

describe("readRelease()", () => {
  it.each(Object.entries(OVERLAYS))("gives %s its overlay", (mode, overlay) => {
    expect(readRelease({ ...ENV, DEPLOY_MODE: mode })).toMatchObject({
      mode,
      overlay,
      name: "soma",
      namespace: "soma",
    });
  });

  it("tells everything that is wrong at once", () => {
    const env = { RELEASE_REGISTRY: "a b", RELEASE_TAG: "latest", RELEASE_NAME: "-x", RELEASE_URL: "ftp://a" };
    expect(() => readRelease(env)).toThrow(/DEPLOY_MODE is not set\n.*RELEASE_REGISTRY is "a b"/s);
    expect(() => readRelease(env)).toThrow(/RELEASE_NAME is "-x".*another image tomorrow.*no address of a gateway/s);
  });

  it.each(["dev_full", "production"])("refuses mode %s, which no cluster has", (mode) => {
    expect(() => readRelease({ ...ENV, DEPLOY_MODE: mode })).toThrow("there are dev_prod, prod, prod_ha");
  });

  it.each(["a;b", "$(a)", "a,global.env.JWT_ENABLED=false", "--post-renderer"])(
    "refuses %s in what Helm is told",
    (bad) => {
      expect(() => readRelease({ ...ENV, RELEASE_TAG: bad })).toThrow("RELEASE_TAG");
      expect(() => readRelease({ ...ENV, RELEASE_REGISTRY: bad })).toThrow("RELEASE_REGISTRY");
      expect(() => readRelease({ ...ENV, RELEASE_NAMESPACE: bad })).toThrow("RELEASE_NAMESPACE");
    },
  );
});

describe("readRevisions()", () => {
  it("gives the one that is deployed and the one begun last, and none where there is none", () => {
    const history = [
      { revision: 1, status: "superseded" },
      { revision: 2, status: "deployed" },
      { revision: 3, status: "failed" },
    ];
    expect(readRevisions(JSON.stringify(history))).toEqual({ deployed: 2, last: 3 });
    expect(readRevisions(JSON.stringify(history.slice(2)))).toEqual({ deployed: undefined, last: 3 });
    expect(readRevisions("")).toEqual({});
  });
});

describe("chooseWayBack()", () => {
  it("goes to what was deployed before by its number, also where Helm has gone back itself", () => {
    expect(chooseWayBack(2, { deployed: 3, last: 3 })).toEqual({ to: 2 });
    expect(chooseWayBack(2, { deployed: 4, last: 4 })).toEqual({ to: 2 });
    expect(chooseWayBack(2, { last: 3 })).toEqual({ to: 2 });
    expect(chooseWayBack(2, { deployed: 2, last: 2 })).toEqual({ nothing: "revision 2 is deployed, as before" });
    const nothing = expect.stringContaining("nothing was deployed before");
    expect(chooseWayBack(undefined, { deployed: 1, last: 1 })).toEqual({ nothing });
  });

  it("goes back from an upgrade that was cut off: what was before it is called deployed still", () => {
    const history = [
      { revision: 2, status: "deployed" },
      { revision: 3, status: "pending-upgrade" },
    ];
    expect(chooseWayBack(2, readRevisions(JSON.stringify(history)))).toEqual({ to: 2 });
  });
});
