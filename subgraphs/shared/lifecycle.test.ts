import { describe, expect, it } from "vitest";
import { createLifecycle } from "./lifecycle.ts";
import { createSilentLog } from "./log.ts";

describe("createLifecycle()", () => {
  it("closes in reverse and once, however often it is asked", async () => {
    const closed: string[] = [];
    const lifecycle = createLifecycle(createSilentLog());
    for (const name of ["database", "loop", "door"]) lifecycle.add(name, () => void closed.push(name));
    await Promise.all([lifecycle.close(), lifecycle.close()]);
    expect(closed).toEqual(["door", "loop", "database"]);
  });

  it("closes what is left when one fails or hangs, and says so at the end", async () => {
    const closed: string[] = [];
    const lifecycle = createLifecycle(createSilentLog(), 20);
    lifecycle.add("first", () => void closed.push("first"));
    lifecycle.add("hangs", () => new Promise(() => {}));
    lifecycle.add("fails", () => Promise.reject(new Error("no")));
    lifecycle.add("throws", () => {
      throw new Error("no");
    });
    await expect(lifecycle.close()).rejects.toThrow("not everything could be closed: throws, fails, hangs");
    expect(closed).toEqual(["first"]);
  });
});
