import { describe, expect, it } from "vitest";
import { ConfigError, readSettings } from "../config.ts";
import { inboundTenantsSetting } from "./inbound-tenants.ts";

const read = (value?: string) =>
  readSettings({ tenants: inboundTenantsSetting }, { SOMA_INBOUND_TENANTS: value }).tenants;

describe("inboundTenantsSetting", () => {
  it.each([undefined, "", " , "])("lets nobody speak when it is %j", (value) => {
    expect([read(value).any, read(value).has("acme")]).toEqual([false, false]);
  });

  it("lets those speak that it names, and no other", () => {
    const tenants = read("acme, globex");
    expect([tenants.any, ...["acme", "globex", "initech", ""].map(tenants.has)]).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it("lets everybody speak when it is an asterisk", () => {
    expect([read("*").any, read("*").has("acme"), read("*").has("pool")]).toEqual([true, true, false]);
  });

  it.each(["Acme", "acme,*", "a.b", "pool"])("refuses %s, which names what is no tenant", (value) => {
    expect(() => read(value)).toThrow(ConfigError);
  });
});
