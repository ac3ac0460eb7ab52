import { describe, expect, it } from "vitest";
import { createEventQueue } from "./event-queue.ts";

const DONE = { done: true, value: undefined };

describe("createEventQueue()", () => {
  it("hands events over in order, waiting for those that are not there yet", async () => {
    const queue = createEventQueue<number>(4);
    queue.push(1);
    const first = queue.next();
    const second = queue.next();
    queue.push(2);
    expect([await first, await second]).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
    ]);
  });

  it("keeps no more than its capacity", async () => {
    const queue = createEventQueue<number>(2);
    expect([1, 2, 3].map((event) => queue.push(event))).toEqual([true, true, false]);
    await queue.next();
    expect(queue.push(4)).toBe(true);
  });

  it("end() delivers what is queued, then ends for good", async () => {
    const queue = createEventQueue<number>(4);
    queue.push(1);
    queue.end();
    queue.end(new Error("too late"));
    expect(queue.push(2)).toBe(false);
    expect([await queue.next(), await queue.next(), await queue.next()]).toEqual([
      { done: false, value: 1 },
      DONE,
      DONE,
    ]);
  });

  it("end(error) delivers what is queued, then throws", async () => {
    const queue = createEventQueue<number>(4);
    queue.push(1);
    queue.end(new Error("lost"));
    expect(await queue.next()).toEqual({ done: false, value: 1 });
    await expect(queue.next()).rejects.toThrow("lost");
    await expect(queue.next()).rejects.toThrow("lost");
  });

  it("fail() throws at once and drops what is queued, also after end()", async () => {
    const queue = createEventQueue<number>(4);
    queue.push(1);
    queue.end();
    queue.fail(new Error("stopped"));
    await expect(queue.next()).rejects.toThrow("stopped");
  });

  it("fail() changes nothing for a queue that was read to its end", async () => {
    const queue = createEventQueue<number>(4);
    queue.end();
    queue.fail(new Error("stopped"));
    expect(await queue.next()).toEqual(DONE);
  });

  it.each([
    ["end()", (queue: ReturnType<typeof createEventQueue>) => queue.end()],
    ["fail()", (queue: ReturnType<typeof createEventQueue>) => queue.fail(new Error("stopped"))],
  ])("%s wakes who waits", async (name, act) => {
    const queue = createEventQueue<number>(4);
    const waiting = queue.next();
    act(queue as never);
    if (name === "end()") expect(await waiting).toEqual(DONE);
    else await expect(waiting).rejects.toThrow("stopped");
  });
});
