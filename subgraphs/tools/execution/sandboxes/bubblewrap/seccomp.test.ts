import { describe, expect, it } from "vitest";
import { seccompFilter } from "./seccomp.ts";
import { PROCESSORS } from "./system-calls.ts";

const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const EPERM = 0x00050001;
const ENOSYS = 0x00050026;
const EAFNOSUPPORT = 0x00050061;

interface Asked {
  audit: number;
  call: number;
  first?: number;
  second?: number;
}

/** What the kernel would do: its machine for filters, as far as ours go. */
function run(filter: Buffer, { audit, call, first = 0, second = 0 }: Asked): number {
  const given: Record<number, number> = { 0: call, 4: audit, 16: first, 24: second };
  let held = 0;
  for (let at = 0; at < filter.length; at += 8) {
    const code = filter.readUInt16LE(at);
    const value = filter.readUInt32LE(at + 4);
    if (code === 0x06) return value;
    if (code === 0x20) held = given[value] ?? Number.NaN;
    else {
      const holds = code === 0x15 ? held === value : code === 0x35 ? held >= value : (held & value) !== 0;
      at += 8 * filter.readUInt8(at + (holds ? 2 : 3));
    }
  }
  throw new Error("the filter ran over its end");
}

describe.each(["x64", "arm64"])("seccompFilter() for %s", (name) => {
  const processor = PROCESSORS[name];
  if (processor === undefined) throw new Error("no processor");
  const filter = seccompFilter(processor);
  const ask = (asked: Omit<Asked, "audit">) => run(filter, { audit: processor.audit, ...asked });

  it("refuses each call of the list and allows what lies beside", () => {
    expect(processor.denied.length).toBeGreaterThan(50);
    expect(new Set(processor.denied).size).toBe(processor.denied.length);
    for (const call of processor.denied) expect(ask({ call }), `call ${call}`).toBe(EPERM);
    const special = [processor.clone, processor.clone3, processor.ioctl, processor.socket, ...processor.denied];
    for (let call = 0; call < 512; call += 1)
      if (!special.includes(call)) expect(ask({ call }), `call ${call}`).toBe(ALLOW);
  });

  it("ends a program that calls as another processor does", () => {
    const others = Object.values(PROCESSORS).filter((other) => other !== processor);
    for (const audit of [0x40000003, ...others.map((other) => other.audit)])
      expect(run(filter, { audit, call: 0 })).toBe(KILL);
    if (processor.otherWay !== undefined) expect(ask({ call: processor.otherWay + 39 })).toBe(KILL);
  });

  it("allows threads and children, and no namespaces for them", () => {
    const { clone, clone3 } = processor;
    const thread = 0x3d0f00;
    expect(ask({ call: clone, first: thread })).toBe(ALLOW);
    expect(ask({ call: clone, first: 17 })).toBe(ALLOW);
    for (const flag of [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000])
      expect(ask({ call: clone, first: thread | flag }), flag.toString(16)).toBe(EPERM);
    expect(ask({ call: clone3 })).toBe(ENOSYS);
  });

  it("allows sockets of three families, and no typing into a terminal", () => {
    const { socket, ioctl } = processor;
    for (const family of [1, 2, 10]) expect(ask({ call: socket, first: family })).toBe(ALLOW);
    for (const family of [16, 17, 38, 40, 44]) expect(ask({ call: socket, first: family })).toBe(EAFNOSUPPORT);
    for (const request of [0x5412, 0x541c]) expect(ask({ call: ioctl, second: request })).toBe(EPERM);
    expect(ask({ call: ioctl, second: 0x5401 })).toBe(ALLOW);
  });
});
