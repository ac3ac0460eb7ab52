import { describe, expect, it } from "vitest";
import { execute } from "../testing/execute.ts";
import codeRun from "./code-run.ts";

async function run(code: string, timeoutMs = 20_000): Promise<string> {
  const { outcome, output } = await execute(codeRun, { code }, { timeoutMs });
  return outcome.kind === "ERROR"
    ? `${outcome.type}: ${outcome.message}`
    : outcome.kind === "OK"
      ? output
      : outcome.kind;
}

describe("code_run", { timeout: 60_000 }, () => {
  it("prints as it goes, and the value of the last expression or of a return", async () => {
    const table: [string, string][] = [
      ["1 + 1", "2\n"],
      ["return 5", "5\n"],
      ["const x = await sleep(5); return 'slept'", "slept\n"],
      ["console.log('a', 1, null); print({ b: [1n] })", 'a 1 null\n{"b":["1n"]}\n'],
      ["(async () => { await sleep(5); return 7 })()", "7\n"],
      ["for (const i of [1, 2]) { await sleep(2); print(i) } undefined", "1\n2\n"],
      ["const a = {}; a.self = a; a", '{"self":"[circular]"}\n'],
      [
        "const b = { v: 1 }; ({ x: b, y: b, m: new Map([[1, new Set([2])]]), f() {} })",
        '{"x":{"v":1},"y":{"v":1},"m":[[1,[2]]],"f":"[function]"}\n',
      ],
      ["// nothing", ""],
      ["'ünï\\u0000 😀'", "ünï\ufffd 😀\n"],
    ];
    const answers = await Promise.all(table.map(([code]) => run(code)));
    expect(answers).toEqual(table.map(([, answer]) => answer));
  });

  it("tells what is wrong with the code, and in which line", async () => {
    expect(await run("let x = 1;\nlet y = ;")).toMatch(/^syntax_error: SyntaxError: .* \(line 2\)$/);
    expect(await run("\nnull.x")).toMatch(/^exception: TypeError: .* \(line 2\)$/);
    expect(await run("throw 'text'")).toBe('exception: the code threw "text"');
    expect(await run("await new Promise(() => {})")).toBe(
      "never_settles: the code waits for a promise that nothing settles",
    );
    expect(await run("await sleep(-1)")).toContain("sleep takes 0 to 120000");
  });

  it("gives code nothing of the host", async () => {
    const table: [string, RegExp][] = [
      ["process.env", /^exception: ReferenceError: 'process' is not defined/],
      ["require('fs')", /^exception: ReferenceError: 'require' is not defined/],
      ["await fetch('http://127.0.0.1')", /^exception: ReferenceError: 'fetch' is not defined/],
      ["await import('node:fs')", /^exception: ReferenceError: could not load module/],
      ["import fs from 'node:fs'", /^syntax_error: /],
      ["sleep.constructor.constructor('return process')()", /^exception: ReferenceError: 'process'/],
      ["print.constructor('return this')().process", /^$/],
      ["(async () => {}).constructor('return process.env')()", /^exception: ReferenceError: 'process'/],
      [
        "Object.getPrototypeOf(sleep(1)).constructor.constructor('return require')()",
        /^exception: ReferenceError: 'require'/,
      ],
      [
        "try { sleep({ valueOf() { throw new Error('x') } }) } catch (e) { e.constructor.constructor('return process')() }",
        /^exception: ReferenceError: 'process'/,
      ],
      [
        "try { sleep(-1) } catch (e) { e.constructor.constructor('return process')() }",
        /^exception: ReferenceError: 'process'/,
      ],
      ["Error.prepareStackTrace = (_, s) => s; new Error().stack[0]?.getThis?.()", /^$/],
      ["globalThis.constructor.constructor('return globalThis.process')()", /^$/],
      [
        "Reflect.ownKeys(globalThis).filter((k) => /deno|node|bun|process|require|fetch|socket|worker|wasm|webassembly/i.test(String(k))).join()",
        /^\n$/,
      ],
      ["new WebAssembly.Memory({ initial: 1 })", /^exception: ReferenceError/],
      ["new SharedArrayBuffer(8); Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0)", /^exception: /],
      ["std.exit(0)", /^exception: ReferenceError: 'std'/],
      ["os.exec(['ls'])", /^exception: ReferenceError: 'os'/],
      ["JSON.stringify = null; print = null; console.log({ a: 1 })", /^\{"a":1\}\n$/],
      ["Object.prototype.toJSON = () => 'x'; Array.prototype.map = null; [1]", /^(\[1\]\n|exception: |$)/],
    ];
    for (const [code, answer] of table) expect(await run(code), code).toMatch(answer);
  });

  it("ends code that takes too much time, memory, stack or output", async () => {
    const [loop, memory, objects, deep, nested, output, line, promises] = await Promise.all([
      run("while (true) {}", 1_500),
      run("const a = []; while (true) a.push(new Uint8Array(1e6))"),
      run("const a = []; while (true) a.push({})"),
      run("const f = () => f() + 1; f()"),
      run("eval('['.repeat(100000))"),
      run("while (true) print('x'.repeat(500))"),
      run("print('x'.repeat(10_000_000))"),
      run("const f = () => Promise.resolve().then(f); await f()", 1_500),
    ]);
    expect(loop).toBe("TIMEOUT");
    expect(memory).toContain("out of memory");
    expect(objects).toMatch(/^sandbox_failed: |out of memory/);
    expect(deep).toContain("stack overflow");
    expect(nested).toContain("stack overflow");
    expect([output, line]).toEqual(["TRUNCATED", "TRUNCATED"]);
    expect(promises).toMatch(/^TIMEOUT$|memory/);
  });

  it("lowers its limit to what a call asks for", () => {
    expect(codeRun.timeoutOf?.({ code: "1" })).toBe(30_000);
    expect(codeRun.timeoutOf?.({ code: "1", timeoutMs: 50 })).toBe(50);
  });
});
