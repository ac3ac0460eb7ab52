import { ToolError } from "@soma/sdk/define-tool";
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSRuntime,
  RELEASE_SYNC,
} from "quickjs-emscripten";
import { PRELUDE } from "./quickjs-prelude.ts";

const WASM_PAGE_BYTES = 65_536;
const MIN_MEMORY_BYTES = 16 * 1_048_576;
const MAX_MEMORY_BYTES = 64 * 1_048_576;
/** QuickJS then reports a stack overflow itself, well before the host's own stack is used up. */
const STACK_BYTES = 160 * 1_024;
/** Evaluates as a script whose top level may await; the result is a promise of {value}. */
const JS_EVAL_FLAG_ASYNC = 128;
const JS_EVAL_FLAG_COMPILE_ONLY = 32;
const MAX_SLEEP_MS = 120_000;
const MAX_SLEEPS = 1_000;

/** Runs code in a fresh QuickJS and prints what it evaluates to. Throws ToolError for what goes wrong in the code. */
export async function evaluate(code: string, emit: (text: string) => void): Promise<void> {
  // The cap is the WebAssembly memory itself: QuickJS' own limit counts allocations, not their sizes, in this build.
  const wasmMemory = new WebAssembly.Memory({
    initial: MIN_MEMORY_BYTES / WASM_PAGE_BYTES,
    maximum: MAX_MEMORY_BYTES / WASM_PAGE_BYTES,
  });
  const quickjs = await newQuickJSWASMModuleFromVariant(newVariant(RELEASE_SYNC, { wasmMemory }));
  const runtime = quickjs.newRuntime();
  runtime.setMaxStackSize(STACK_BYTES);
  try {
    await new Evaluation(runtime, runtime.newContext(), emit).run(code);
  } catch (cause) {
    if (cause instanceof ToolError) throw cause;
    // Without memory for an error QuickJS gives none, or falls over its own feet; the walls around it hold.
    throw new ToolError(
      "sandbox_failed",
      `the sandbox broke, most likely because the code used up its ${MAX_MEMORY_BYTES / 1_048_576} MB of memory`,
      {
        cause,
      },
    );
  }
}

/** Lives in a process that ends with it, so nothing is given back. */
class Evaluation {
  readonly #runtime: QuickJSRuntime;
  readonly #context: QuickJSContext;
  readonly #emit: (text: string) => void;
  #sleeps = 0;
  #fail: (error: unknown) => void = () => {};

  constructor(runtime: QuickJSRuntime, context: QuickJSContext, emit: (text: string) => void) {
    this.#runtime = runtime;
    this.#context = context;
    this.#emit = emit;
  }

  async run(code: string): Promise<void> {
    const context = this.#context;
    const printValue = this.#prepare();
    const promise = this.#take(context.evalCode(this.#toScript(code), "code.js", JS_EVAL_FLAG_ASYNC));
    const last = context.getProp(await this.#settle(promise), "value");
    // The last expression is often a call of an async function; its result is what is meant.
    this.#take(context.callFunction(printValue, context.undefined, await this.#settle(last)));
  }

  /** A script as it is; one with a `return` outside of functions becomes the body of a function whose result is its value. */
  #toScript(code: string): string {
    const compiled = this.#context.evalCode(code, "code.js", JS_EVAL_FLAG_ASYNC | JS_EVAL_FLAG_COMPILE_ONLY);
    if (compiled.error === undefined) return code;
    const message = this.#context.getString(this.#context.getProp(compiled.error, "message"));
    return message === "return not in a function" ? `await (async () => {${code}\n})()` : code;
  }

  #prepare(): QuickJSHandle {
    const context = this.#context;
    const write = context.newFunction("write", (text) => this.#emit(context.getString(text)));
    const sleep = context.newFunction("sleep", (ms) => this.#sleep(context.getNumber(ms)));
    const prelude = this.#take(context.evalCode(PRELUDE, "prelude.js"));
    return this.#take(context.callFunction(prelude, context.undefined, write, sleep));
  }

  #sleep(ms: number): QuickJSHandle {
    if (!(ms >= 0 && ms <= MAX_SLEEP_MS)) throw new RangeError(`sleep takes 0 to ${MAX_SLEEP_MS} milliseconds`);
    if (this.#sleeps >= MAX_SLEEPS) throw new RangeError(`at most ${MAX_SLEEPS} sleeps may wait at once`);
    this.#sleeps += 1;
    const promise = this.#context.newPromise();
    setTimeout(() => {
      this.#sleeps -= 1;
      promise.resolve(this.#context.undefined);
      this.#runJobs();
    }, ms);
    return promise.handle;
  }

  #settle(promise: QuickJSHandle): Promise<QuickJSHandle> {
    const failed = new Promise<never>((_resolve, reject) => {
      this.#fail = reject;
    });
    const settled = this.#context.resolvePromise(promise).then((result) => this.#take(result));
    this.#runJobs();
    return Promise.race([settled, failed]);
  }

  /** Only a sleep can wake code that waits; without one, what it waits for never comes. */
  #runJobs(): void {
    const jobs = this.#runtime.executePendingJobs();
    if (jobs.error !== undefined) this.#fail(toToolError(this.#context, jobs.error));
    // The host's own reaction to a settled promise comes a little later than the jobs.
    setImmediate(() => {
      if (this.#sleeps === 0)
        this.#fail(new ToolError("never_settles", "the code waits for a promise that nothing settles"));
    });
  }

  #take(result: { error?: QuickJSHandle | undefined; value?: QuickJSHandle | undefined }): QuickJSHandle {
    if (result.error !== undefined) throw toToolError(this.#context, result.error);
    if (result.value === undefined) throw new Error("QuickJS gave neither a value nor an error");
    return result.value;
  }
}

function toToolError(context: QuickJSContext, handle: QuickJSHandle): ToolError {
  const thrown: unknown = context.dump(handle);
  if (thrown === null)
    return new ToolError(
      "exception",
      "the code threw null, which is also what is thrown when there is no memory left for an error",
    );
  if (typeof thrown !== "object" || thrown === null || !("message" in thrown))
    return new ToolError("exception", `the code threw ${JSON.stringify(thrown)}`);
  const { name, message, stack } = thrown as { name?: unknown; message?: unknown; stack?: unknown };
  const line = /code\.js:(\d+)/.exec(String(stack))?.[1];
  const at = line === undefined ? "" : ` (line ${line})`;
  return new ToolError(
    name === "SyntaxError" ? "syntax_error" : "exception",
    `${String(name)}: ${String(message)}${at}`,
  );
}
