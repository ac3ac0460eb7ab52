import type { Processor } from "./system-calls.ts";

/** An instruction of the kernel's packet filter: what, how many to pass over when it holds and when not, and a value. */
type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

const LOAD = 0x20;
const IF_EQUAL = 0x15;
const IF_AT_LEAST = 0x35;
const IF_ANY_BIT = 0x45;
const RETURN = 0x06;

/** Places in what the filter is given: the number of the call, the processor, the low halves of the first two arguments. */
const CALL = 0;
const AUDIT = 4;
const FIRST = 16;
const SECOND = 24;

const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const refuse = (errno: number): number => 0x00050000 | errno;
const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

/** Every CLONE_NEW*: of mounts, control groups, names, messages, users, processes and networks. */
const NEW_NAMESPACES = 0x7e020000;
/** Typing into the terminal of who started us. */
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;
/** Unix, IPv4 and IPv6. The others reach the kernel's own services, or the machine below a virtual one. */
const FAMILIES = [1, 2, 10];

/**
 * The filter of system calls as the kernel takes it, eight bytes an instruction. Another processor's calls end the program; what is
 * denied is answered EPERM. clone3 is answered as not there, because its flags lie where no filter can read them; libraries then
 * take clone, whose flags are looked at.
 */
export function seccompFilter(processor: Processor): Buffer {
  return assemble([
    [LOAD, 0, 0, AUDIT],
    ...unless(IF_EQUAL, processor.audit, KILL),
    [LOAD, 0, 0, CALL],
    ...(processor.otherWay === undefined ? [] : when(IF_AT_LEAST, processor.otherWay, KILL)),
    ...processor.denied.flatMap((number) => when(IF_EQUAL, number, refuse(EPERM))),
    ...when(IF_EQUAL, processor.clone3, refuse(ENOSYS)),
    ...byArgument(processor.clone, FIRST, when(IF_ANY_BIT, NEW_NAMESPACES, refuse(EPERM))),
    ...byArgument(
      processor.ioctl,
      SECOND,
      [TIOCSTI, TIOCLINUX].flatMap((request) => when(IF_EQUAL, request, refuse(EPERM))),
    ),
    ...byArgument(processor.socket, FIRST, [
      ...FAMILIES.flatMap((family) => when(IF_EQUAL, family, ALLOW)),
      [RETURN, 0, 0, refuse(EAFNOSUPPORT)],
    ]),
    [RETURN, 0, 0, ALLOW],
  ]);
}

function when(test: number, value: number, result: number): Instruction[] {
  return [
    [test, 0, 1, value],
    [RETURN, 0, 0, result],
  ];
}

function unless(test: number, value: number, result: number): Instruction[] {
  return [
    [test, 1, 0, value],
    [RETURN, 0, 0, result],
  ];
}

/** For one call: looks at an argument, and allows what the rules have nothing against. */
function byArgument(call: number, argument: number, rules: readonly Instruction[]): Instruction[] {
  const body: Instruction[] = [[LOAD, 0, 0, argument], ...rules, [RETURN, 0, 0, ALLOW]];
  return [[IF_EQUAL, 0, body.length, call], ...body];
}

function assemble(instructions: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(instructions.length * 8);
  for (const [i, [code, ifTrue, ifFalse, value]] of instructions.entries()) {
    bytes.writeUInt16LE(code, i * 8);
    bytes.writeUInt8(ifTrue, i * 8 + 2);
    bytes.writeUInt8(ifFalse, i * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, i * 8 + 4);
  }
  return bytes;
}
