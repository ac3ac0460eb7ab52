import { describe, expect, it } from "vitest";
import { createUnread } from "./unread.ts";

function aReader() {
  const reader = { ended: 0, end: () => {} };
  reader.end = () => {
    reader.ended += 1;
  };
  return reader;
}

describe("createUnread()", () => {
  it("ends the connection that reads least when all together leave too much unread", () => {
    const refused: string[] = [];
    const unread = createUnread({ unreadBytesOfAll: 100 }, (bound) => refused.push(bound));
    const [most, some, other] = [aReader(), aReader(), aReader()];
    const release = [unread.hold(most, 40), unread.hold(most, 20)];
    unread.hold(some, 40);
    expect([most.ended, some.ended]).toEqual([0, 0]);
    unread.hold(other, 1);
    expect([most.ended, some.ended, other.ended]).toEqual([1, 0, 0]);
    expect(refused).toEqual(["unread bytes of all"]);
    for (const each of release) each();
    expect(unread.bytes()).toBe(41);
  });

  it("counts what was read no more", () => {
    const unread = createUnread({ unreadBytesOfAll: 100 }, () => {});
    const reader = aReader();
    for (let round = 0; round < 10; round += 1) unread.hold(reader, 60)();
    expect([unread.bytes(), reader.ended]).toEqual([0, 0]);
  });

  it("gives back what is released once, however often it is", () => {
    const unread = createUnread({ unreadBytesOfAll: 100 }, () => {});
    const release = unread.hold(aReader(), 60);
    release();
    release();
    expect(unread.bytes()).toBe(0);
  });
});
