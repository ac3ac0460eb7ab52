import { SomaError } from "@soma/shared/errors";

/** Who asks: what is asked by one that died is never answered. */
export interface Asker {
  isDead(): boolean;
  /** What it asked for goes on, and it hears no answer until it is awake. */
  isFrozen(): boolean;
}

/** What happens to something that is asked of outside, beside being done. */
export type Strike = "REFUSED" | "ANSWER_LOST";

interface Asked {
  asker: Asker;
  /** `store` can be struck. */
  what: "store" | "outside";
  state: "sent" | "done";
  /** Does it, and gives what is to be called with the answer. */
  act(strike: Strike | undefined): void;
  answer(): void;
  /**
   * Its process died. What it called outside ends with it, so that it does not seem to be under way in this process.
   */
  abandon(): void;
}

/**
 * Everything that a process waits for from outside goes through here, in two steps: it is done, and then it is
 * answered. Which of all that waits is next is chosen by whoever holds the gate.
 */
export class Gate {
  #waiting: Asked[] = [];
  #strikes: Strike[] = [];

  /** One act of the store, as one transaction. `translate` tells what a lost connection means to whoever asked. */
  ask<T>(
    asker: Asker,
    what: Asked["what"],
    act: () => T,
    translate: (strike: Strike) => Error = connectionLost,
  ): Promise<T> {
    // A process that is dead does not go on.
    if (asker.isDead()) return new Promise(() => {});
    return new Promise((resolve, reject) => {
      let settle = (): void => {};
      this.#waiting.push({
        asker,
        what,
        state: "sent",
        act(strike) {
          settle = toSettle(act, strike, { resolve, reject, translate });
        },
        answer: () => settle(),
        abandon: () => what === "outside" && reject(new Error("its process died")),
      });
    });
  }

  /** The next call of the store, or its answer, is lost. */
  arm(strike: Strike): void {
    this.#strikes.push(strike);
  }

  /** How many can be chosen from. */
  count(): number {
    return this.#open().length;
  }

  /** One step of one of those, the oldest is 0. */
  step(index: number): void {
    const asked = this.#open()[index];
    if (asked === undefined) throw new Error(`nothing waits at ${index}`);
    if (asked.state === "sent") {
      asked.act(asked.what === "store" ? this.#strikes.shift() : undefined);
      asked.state = "done";
      return;
    }
    this.#waiting = this.#waiting.filter((each) => each !== asked);
    asked.answer();
  }

  /** Without answers to those that will not hear them. */
  #open(): Asked[] {
    const isOver = ({ asker, state, what }: Asked): boolean =>
      asker.isDead() && (state === "done" || what === "outside");
    for (const asked of this.#waiting) if (isOver(asked)) asked.abandon();
    this.#waiting = this.#waiting.filter((asked) => !isOver(asked));
    return this.#waiting.filter(({ asker, state }) => state === "sent" || !asker.isFrozen());
  }
}

interface Waiter<T> {
  resolve(given: T): void;
  reject(error: unknown): void;
  translate(strike: Strike): Error;
}

function toSettle<T>(act: () => T, strike: Strike | undefined, { resolve, reject, translate }: Waiter<T>): () => void {
  if (strike === "REFUSED") return () => reject(translate(strike));
  try {
    const given = act();
    return strike === undefined ? () => resolve(given) : () => reject(translate(strike));
  } catch (error) {
    return () => reject(error);
  }
}

function connectionLost(): Error {
  return new Error("the connection was lost");
}

/** What a lost connection means to whoever opened a transaction, as transaction.ts says it. */
export function transactionLost(): Error {
  return new SomaError(
    "UNAVAILABLE",
    "the connection was lost; whether the transaction was committed may not be known",
  );
}

/** And to a step in the database, as commit-together.ts says it. */
export function togetherLost(strike: Strike): Error {
  return strike === "REFUSED"
    ? transactionLost()
    : new SomaError("FENCED", "whether a step was committed is not known, and its history will tell");
}
