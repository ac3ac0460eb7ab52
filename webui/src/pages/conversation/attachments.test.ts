import { describe, expect, it } from "vitest";
import { type Attachment, addFiles, MAX_BYTES, readFiles, toMessage } from "./attachments.ts";

const file = (name: string, content: BlobPart): File => new File([content], name);
const names = ({ files }: { files: readonly { name: string }[] }): string[] => files.map(({ name }) => name);

const takeFiles = async (before: readonly Attachment[], files: readonly File[]) =>
  addFiles(before, await readFiles(files));

describe("files of a message", () => {
  it("addFiles() takes what is text, with its size in bytes, and the newer one of two with a name", async () => {
    const first = await takeFiles([], [file("a.md", "tea é\n"), file("b.csv", "1;2")]);
    expect(first).toEqual({
      files: [
        { name: "a.md", text: "tea é\n", bytes: 7 },
        { name: "b.csv", text: "1;2", bytes: 3 },
      ],
      refused: [],
    });
    const next = await takeFiles(first.files, [file("a.md", "coffee")]);
    expect(next.files.map(({ name, text }) => [name, text])).toEqual([
      ["b.csv", "1;2"],
      ["a.md", "coffee"],
    ]);
  });

  it("readFiles() refuses by its name what is no text, too large, or cannot be read", async () => {
    const unreadable = Object.assign(file("folder", ""), { arrayBuffer: () => Promise.reject(new DOMException("no")) });
    const taken = await takeFiles(
      [],
      [
        file("tea.png", new Uint8Array([0x89, 0x50, 0x4e, 0x47])),
        file("tea.bin", "a\u0000b"),
        file("big.log", "x".repeat(MAX_BYTES + 1)),
        unreadable,
        file("fine.txt", "\t\f\r\n\u001b[1m"),
      ],
    );
    expect(taken.refused).toEqual([
      "tea.png is not text",
      "tea.bin is not text",
      "big.log is 32.0 KB, and a message takes 32.0 KB",
      "folder could not be read",
    ]);
    expect(names(taken)).toEqual(["fine.txt"]);
  });

  it("addFiles() takes no more than eight", async () => {
    const taken = await takeFiles(
      [],
      Array.from({ length: 9 }, (_, n) => file(`${n}.txt`, "x")),
    );
    expect([taken.files.length, taken.refused]).toEqual([8, ["8.txt is one more than the 8 files a message takes"]]);
    expect(names(await takeFiles(taken.files, [file("3.txt", "y")]))).toContain("3.txt");
  });
});

describe("toMessage()", () => {
  it("puts each file under its name in a fence that nothing in it closes", () => {
    const files = [
      { name: "a.md", text: "```js\n1\n```\n", bytes: 12 },
      { name: "b.txt", text: "two", bytes: 3 },
    ];
    expect(toMessage("Compare", files)).toBe(
      "Compare\n\nFile: a.md\n````text\n```js\n1\n```\n````\n\nFile: b.txt\n```text\ntwo\n```",
    );
    expect(toMessage(" \n", files.slice(1))).toBe("File: b.txt\n```text\ntwo\n```");
    expect(toMessage(" as it is ", [])).toBe(" as it is ");
  });

  it("keeps a name on one line, and out of the fence", async () => {
    const [taken] = (await takeFiles([], [file("a\n```\nb.txt", "x"), file("`", "y")])).files;
    expect(taken?.name).toBe("a b.txt");
  });
});
