import { describe, expect, test } from "vitest";
import { type ChooseProfileParams, chooseProfile, whyNot } from "./choose-profile.ts";

const PROFILES = ["big", "small", "local"];
const choices: ChooseProfileParams["choices"] = {
  roles: { clerk: { default: "small" }, guest: { allow: ["local", "small"] }, narrow: { allow: ["big"] } },
  tenants: { acme: { default: "local", allow: ["small", "local"] }, other: { default: "big" } },
};
const choose = (role: string, tenant: string, wanted?: string | null, more: Partial<ChooseProfileParams> = {}) =>
  chooseProfile({ choices, profiles: PROFILES, standard: "big", who: { role, tenant }, wanted, ...more });

describe("chooseProfile()", () => {
  test.each([
    ["someone", "nobody", "big"],
    ["clerk", "nobody", "small"],
    ["clerk", "other", "small"],
    ["someone", "acme", "local"],
    ["clerk", "acme", "small"],
    ["guest", "nobody", "local"],
    ["guest", "other", "local"],
    ["constructor", "toString", "big"],
  ])("of a run under %s in %s that names none is %s", (role, tenant, profile) => {
    expect(choose(role, tenant)).toBe(profile);
    expect(choose(role, tenant, null)).toBe(profile);
  });

  test("is the one that is named, also where another is the default", () => {
    expect(choose("clerk", "other", "big")).toBe("big");
  });

  test.each([
    ["guest", "nobody", "big", "FORBIDDEN", 'role "guest" may not use model profile "big"; it may use local, small'],
    ["clerk", "acme", "big", "FORBIDDEN", 'tenant "acme" may not use model profile "big"; it may use small, local'],
    ["clerk", "acme", "huge", "BAD_INPUT", 'there is no model profile "huge"; known: big, small, local'],
  ])("says why %s in %s may not use %s", (role, tenant, wanted, code, message) => {
    expect(() => choose(role, tenant, wanted)).toThrow(expect.objectContaining({ code, message }));
  });

  test("says so when role and tenant have none in common, or what is allowed is not there", () => {
    const message =
      'there is no model profile that role "narrow" may use in tenant "acme"; see roles and tenants of models.yaml';
    expect(() => choose("narrow", "acme")).toThrow(expect.objectContaining({ code: "FORBIDDEN", message }));
    expect(() => choose("guest", "nobody", null, { profiles: ["big"] })).toThrow("there is no model profile that");
  });
});

test("whyNot() is nothing where nothing is said", () => {
  expect(whyNot({}, { role: "a", tenant: "b" }, "big")).toBeUndefined();
});
