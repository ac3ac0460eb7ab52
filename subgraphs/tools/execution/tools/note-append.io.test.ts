import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aToolContext } from "@soma/sdk/testing/tool-context";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import noteAppend from "./note-append.ts";

describe("note_append", () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "soma-notes-"));
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  const append = (text: string, idempotencyKey: string, file?: string, signal?: AbortSignal) =>
    noteAppend.run(
      file === undefined ? { text } : { text, file },
      aToolContext({ dataDir, idempotencyKey, ...(signal === undefined ? {} : { signal }) }),
    ) as Promise<string>;
  const notes = (file = "notes.md") => readFile(join(dataDir, "notes/acme", file), "utf8");
  const texts = async (file?: string) =>
    (await notes(file))
      .split("\n")
      .slice(0, -1)
      .map((line) => line.replace(/ <!-- key:[0-9a-f]{32} -->$/, ""));

  it("appends a line once for its key", async () => {
    expect(await append("milk", "a")).toBe("noted in notes.md, which has 1 line");
    expect(await append("bread", "b")).toContain("2 lines");
    expect(await append("milk", "a")).toContain("2 lines");
    expect(await texts()).toEqual(["- milk", "- bread"]);
  });

  it("keeps files and tenants apart", async () => {
    await append("x", "a");
    await append("x", "a", "ideas.md");
    await noteAppend.run({ text: "theirs" }, aToolContext({ dataDir, tenant: "other", idempotencyKey: "a" }));
    expect(await texts()).toEqual(["- x"]);
    expect(await texts("ideas.md")).toEqual(["- x"]);
    expect(await readdir(join(dataDir, "notes"))).toEqual(["acme", "other"]);
  });

  it("closes what it writes to others, whatever the mask of its process", async () => {
    const mask = process.umask(0);
    try {
      await append("private", "a");
      await append("private", "b");
    } finally {
      process.umask(mask);
    }
    const modeOf = async (...path: string[]) => ((await stat(join(dataDir, ...path))).mode & 0o777).toString(8);
    for (const folder of ["notes", "notes/acme", "note-locks", "note-locks/acme"])
      expect(await modeOf(folder), folder).toBe("700");
    for (const file of ["notes/acme/notes.md", "note-locks/acme/new-files", "note-locks/acme/notes.md"])
      expect(await modeOf(file), file).toBe("600");
  });

  it("makes one line of many, which cannot pose as another's", async () => {
    await append("real", "a");
    const mark = /<!-- key:.* -->/.exec(await notes())?.[0];
    await append(`one\ntwo\r\nthree ${mark}`, "b");
    expect(await append("again", "b")).toContain("2 lines");
    expect(await texts()).toEqual(["- real", `- one<br>two<br>three ${mark}`]);
  });

  it("keeps every line when many are appended at once", async () => {
    await Promise.all(Array.from({ length: 25 }, (_, i) => append(`n${i}`, `key-${i % 20}`)));
    expect((await texts()).toSorted()).toEqual(Array.from({ length: 20 }, (_, i) => `- n${i}`).toSorted());
  });

  it("repairs a torn last line, and keeps one that a person left without its end", async () => {
    await append("whole", "a");
    const whole = await notes();
    await writeFile(join(dataDir, "notes/acme/notes.md"), `${whole}- torn <!-- key:0123`);
    await append("next", "b");
    expect(await texts()).toEqual(["- whole", "- next"]);
    await writeFile(join(dataDir, "notes/acme/notes.md"), `${whole}written by hand`);
    await append("next", "b");
    expect(await texts()).toEqual(["- whole", "written by hand", "- next"]);
  });

  it("refuses a file that would grow too large, and leaves it as it was", async () => {
    const folder = join(dataDir, "notes/acme");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "notes.md"), `${"x".repeat(1_048_570)}\n`);
    await expect(append("too much", "a")).rejects.toMatchObject({ type: "file_full" });
    expect(await readdir(folder)).toEqual(["notes.md"]);
  });

  it("refuses a new file where there are as many as there may be, and still writes to those", async () => {
    const folder = join(dataDir, "notes/acme");
    await mkdir(folder, { recursive: true });
    await Promise.all(Array.from({ length: 1_000 }, (_, i) => writeFile(join(folder, `f${i}.md`), "")));
    await expect(append("one too many", "a")).rejects.toMatchObject({ type: "too_many_files" });
    expect(await append("one more line", "b", "f7.md")).toBe("noted in f7.md, which has 1 line");
    expect((await readdir(folder)).length).toBe(1_000);
    expect(await readdir(join(dataDir, "note-locks/acme"))).toEqual(["f7.md", "new-files"]);
  });

  it("makes no more files than there may be when many new ones are named at once", async () => {
    const folder = join(dataDir, "notes/acme");
    await mkdir(folder, { recursive: true });
    await Promise.all(Array.from({ length: 995 }, (_, i) => writeFile(join(folder, `f${i}.md`), "")));
    const appended = await Promise.allSettled(Array.from({ length: 12 }, (_, i) => append("x", `${i}`, `g${i}.md`)));
    expect(appended.filter(({ status }) => status === "fulfilled")).toHaveLength(5);
    expect(await readdir(folder)).toHaveLength(1_000);
  });

  it("leaves no lock for a new file that could not be made", async () => {
    await mkdir(join(dataDir, "notes"));
    await symlink(join(dataDir, "away"), join(dataDir, "notes/acme"));
    for (const name of ["a.md", "b.md"]) await expect(append("x", "a", name)).rejects.toThrow();
    expect(await readdir(join(dataDir, "note-locks/acme"))).toEqual(["new-files"]);
  });

  it("does nothing when it was canceled while it waited for its turn", async () => {
    await append("first", "a");
    await expect(append("second", "b", undefined, AbortSignal.abort())).rejects.toThrow();
    expect(await texts()).toEqual(["- first"]);
  });

  it("clears away what a killed process left behind", async () => {
    await append("first", "a");
    const folder = join(dataDir, "notes/acme");
    for (const name of ["notes.md.new", "ideas.md.new"]) await writeFile(join(folder, name), "half");
    await append("second", "b");
    expect(await readdir(folder)).toEqual(["ideas.md.new", "notes.md"]);
  });
});
