import { describe, expect, it } from "vitest";
import { createEventQueue } from "./event-queue.ts";

const DONE = { done: true, value: undefined };

/** A queue of numbers that count their own bytes, and the bytes it holds among others. */
function aQueue(events: number, { bytes = 1e6, hold = (_bytes: number) => {} } = {}) {
  const held = { bytes: 0 };
  const queue = createEventQueue<number>({
    events,
    bytes,
    sizeOf: (event) => event,
    hold(size) {
      held.bytes += size;
      hold(size);
      return () => {
        held.bytes -= size;
      };
    },
  });
  return { queue, held };
}

describe("createEventQueue()", () => {
  it("hands events over in order, waiting for those that are not there yet", async () => {
    const { queue } = aQueue(4);
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
    const { queue } = aQueue(2);
    expect([1, 2, 3].map((event) => queue.push(event))).toEqual([true, true, false]);
    await queue.next();
    expect(queue.push(4)).toBe(true);
  });

  it("keeps no more bytes than it may, though one event may have more", async () => {
    const { queue, held } = aQueue(10, { bytes: 100 });
    expect([60, 40, 1].map((event) => queue.push(event))).toEqual([true, true, false]);
    expect([queue.waiting(), held.bytes]).toEqual([{ events: 2, bytes: 100 }, 100]);
    await queue.next();
    expect([queue.push(60), queue.push(1), held.bytes]).toEqual([true, false, 100]);
    await queue.next();
    await queue.next();
    expect([queue.push(500), queue.push(1), held.bytes]).toEqual([true, false, 500]);
    expect(await queue.next()).toEqual({ done: false, value: 500 });
    expect([queue.waiting(), held.bytes]).toEqual([{ events: 0, bytes: 0 }, 0]);
  });

  it("does not count what somebody waits for", async () => {
    const { queue, held } = aQueue(4, { bytes: 100 });
    const waiting = queue.next();
    expect([queue.push(99), held.bytes]).toEqual([true, 0]);
    expect(await waiting).toEqual({ done: false, value: 99 });
  });

  it("gives back all it holds when it is dropped, also because of the event that comes", async () => {
    const ended = aQueue(4, { hold: (size) => void (size === 7 && ended.queue.drop(new Error("too much"))) });
    expect([5, 6, 7].map((event) => ended.queue.push(event))).toEqual([true, true, false]);
    expect(ended.held.bytes).toBe(0);
    await expect(ended.queue.next()).rejects.toThrow("too much");
    const { queue, held } = aQueue(4);
    queue.push(5);
    queue.end();
    queue.drop();
    expect([await queue.next(), held.bytes]).toEqual([DONE, 0]);
  });

  it("end() delivers what is queued, then ends for good", async () => {
    const { queue } = aQueue(4);
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
    const { queue } = aQueue(4);
    queue.push(1);
    queue.end(new Error("lost"));
    expect(await queue.next()).toEqual({ done: false, value: 1 });
    await expect(queue.next()).rejects.toThrow("lost");
    await expect(queue.next()).rejects.toThrow("lost");
  });

  it("drop(error) throws at once and drops what is queued, also after end()", async () => {
    const { queue } = aQueue(4);
    queue.push(1);
    queue.end();
    queue.drop(new Error("stopped"));
    await expect(queue.next()).rejects.toThrow("stopped");
  });

  it("drop(error) changes nothing for a queue that was read to its end", async () => {
    const { queue } = aQueue(4);
    queue.end();
    queue.drop(new Error("stopped"));
    expect(await queue.next()).toEqual(DONE);
  });

  it.each([
    ["end()", (queue: ReturnType<typeof aQueue>["queue"]) => queue.end()],
    ["drop(error)", (queue: ReturnType<typeof aQueue>["queue"]) => queue.drop(new Error("stopped"))],
  ])("%s wakes who waits", async (name, act) => {
    const { queue } = aQueue(4);
    const waiting = queue.next();
    act(queue);
    if (name === "end()") expect(await waiting).toEqual(DONE);
    else await expect(waiting).rejects.toThrow("stopped");
  });
});
