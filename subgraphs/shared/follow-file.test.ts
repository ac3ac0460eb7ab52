import { describe, expect, it } from "vitest";
import { createFollower } from "./follow-file.ts";
import { createLog } from "./log.ts";
import { registry } from "./metrics.ts";

/** A follower of a text that a test changes; what is no JSON and 0 cannot be taken, and undefined is no file. */
function follow(what: string, first: string | undefined) {
  const lines: string[] = [];
  const file = { text: first };
  const follower = createFollower({
    setting: what,
    read: async () => {
      if (file.text === undefined) throw new Error("ENOENT");
      return file.text;
    },
    parse: (value) => {
      if (value === 0) throw new Error("is no good");
      return { value };
    },
    log: createLog({ level: "info", service: "test", destination: { write: (line) => void lines.push(line) } }),
  });
  return { file, follower, lines };
}

async function counted(metric: string, labels: Record<string, string>): Promise<number | undefined> {
  const { values = [] } = (await registry.getSingleMetric(metric)?.get()) ?? {};
  return values.find((each) => Object.entries(labels).every(([name, value]) => each.labels[name] === value))?.value;
}

describe("createFollower()", () => {
  it("takes what the file holds at the start, and again when it changes", async () => {
    const { file, follower, lines } = follow("a", "1");
    expect(() => follower.current()).toThrow("a was not read yet");
    await follower.start();
    const first = follower.current();
    await follower.look();
    expect(follower.current()).toBe(first);
    const heard: unknown[] = [];
    const stop = follower.onChange(() => heard.push(follower.current()));
    file.text = "2";
    await follower.look();
    await follower.look();
    expect(follower.current()).toEqual({ value: 2 });
    expect(heard).toEqual([{ value: 2 }]);
    stop();
    expect(lines.length).toBe(1);
    expect(await counted("soma_reloads_total", { what: "a", result: "taken" })).toBe(1);
  });

  it("fails at the start when there is nothing good", async () => {
    await expect(follow("b", undefined).follower.start()).rejects.toThrow("ENOENT");
    await expect(follow("b", "0").follower.start()).rejects.toThrow("its text is no good");
    await expect(follow("b", "!").follower.start()).rejects.toThrow(/^its text is not JSON$/);
  });

  it("goes on with what was good, says once what is not, and takes the next that is", async () => {
    const { file, follower, lines } = follow("c", "1");
    await follower.start();
    for (const bad of ["!", "!", undefined, undefined, "0"]) {
      file.text = bad;
      await follower.look();
      expect(follower.current()).toEqual({ value: 1 });
      expect(await counted("soma_reload_refused", { what: "c" })).toBe(1);
    }
    expect(lines.length).toBe(3);
    expect(lines.join("")).not.toContain('"!"');
    file.text = "3";
    await follower.look();
    expect(follower.current()).toEqual({ value: 3 });
    expect(await counted("soma_reload_refused", { what: "c" })).toBe(0);
    expect(await counted("soma_reloads_total", { what: "c", result: "refused" })).toBe(3);
  });

  it("is content when the file holds again what it held before", async () => {
    const { file, follower } = follow("d", "1");
    await follower.start();
    file.text = "!";
    await follower.look();
    file.text = "1";
    await follower.look();
    expect(await counted("soma_reload_refused", { what: "d" })).toBe(0);
  });
});
