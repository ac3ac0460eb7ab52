import { describe, expect, it } from "vitest";
import { parsePasswd } from "./postgres-user.ts";

describe("parsePasswd()", () => {
  it("reads names and numbers, and leaves out what is no entry", () => {
    const text = "root:x:0:0:root:/root:/bin/sh\n\n# a comment\nodd:x::1::/:\n+::::::\nnobody:x:65534:65533:::\n";
    expect(parsePasswd(text)).toEqual([
      { name: "root", uid: 0, gid: 0 },
      { name: "nobody", uid: 65_534, gid: 65_533 },
    ]);
  });
});
