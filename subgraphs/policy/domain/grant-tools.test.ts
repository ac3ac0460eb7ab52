import { describe, expect, it } from "vitest";
import { grantTools, type Roles } from "./grant-tools.ts";

const conf: Roles = {
  default: "assistant",
  roles: {
    assistant: { tools: ["clock"], maxRisk: "high" },
    finance: { tools: ["pay"], maxRisk: "high" },
  },
};
const tool = (name: string, risk = "low") => ({ name, risk });

describe("grantTools()", () => {
  it("lets the default role call a project's tools of low and medium risk, and no other role", () => {
    const roles = grantTools(conf, [tool("find_order"), tool("refund", "medium"), tool("wire_money", "high")]);
    expect(roles.assistant?.tools).toEqual(["clock", "find_order", "refund"]);
    expect(roles.finance).toBe(conf.roles.finance);
  });

  it("leaves to roles.yaml what it names", () => {
    expect(grantTools(conf, [tool("pay")])).toBe(conf.roles);
  });

  it("changes nothing without tools, or where the default role is not there", () => {
    expect(grantTools(conf, [])).toBe(conf.roles);
    expect(grantTools({ ...conf, default: "nobody" }, [tool("find_order")])).toBe(conf.roles);
  });
});
