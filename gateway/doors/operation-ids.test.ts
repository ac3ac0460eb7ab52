import { describe, expect, it } from "vitest";
import { createOperationIds } from "./operation-ids.ts";

/** Uses of ids that end when told to. */
function createUses() {
  const ids = createOperationIds();
  const served: string[] = [];
  const ends = new Map<string, () => void>();
  const begin = (id: string, name: string) =>
    ids.use(id, () => {
      served.push(name);
      return new Promise((resolve) => void ends.set(name, resolve));
    });
  return { ids, served, begin, end: (name: string) => ends.get(name)?.() };
}

describe("createOperationIds()", () => {
  it("serves an id again when its completed use is over, and not before", async () => {
    const { ids, served, begin, end } = createUses();
    const first = begin("1", "first");
    ids.complete("1");
    const second = begin("1", "second");
    const other = begin("2", "other");
    await Promise.resolve();
    expect(served).toEqual(["first", "other"]);
    end("first");
    await first;
    await new Promise((resolve) => setImmediate(resolve));
    expect(served).toEqual(["first", "other", "second"]);
    end("second");
    end("other");
    await Promise.all([second, other]);
  });

  it("never serves what was completed while it waited", async () => {
    const { ids, served, begin, end } = createUses();
    const first = begin("1", "first");
    ids.complete("1");
    const second = begin("1", "second");
    ids.complete("1");
    const third = begin("1", "third");
    end("first");
    await Promise.all([first, second]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(served).toEqual(["first", "third"]);
    end("third");
    await third;
  });

  it("leaves it to the library to refuse an id that is in use", async () => {
    const { served, begin, end } = createUses();
    const first = begin("1", "first");
    const second = begin("1", "second");
    expect(served).toEqual(["first", "second"]);
    end("first");
    end("second");
    await Promise.all([first, second]);
  });

  it("goes on when the use before failed", async () => {
    const ids = createOperationIds();
    const first = ids.use("1", () => Promise.reject(new Error("failed")));
    ids.complete("1");
    const served: string[] = [];
    const second = ids.use("1", async () => void served.push("second"));
    await expect(first).rejects.toThrow("failed");
    await second;
    expect(served).toEqual(["second"]);
  });
});
