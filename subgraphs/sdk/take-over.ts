/** Where a run stands: its state, and the node it is at. */
export interface StandingRun<S> {
  state: S;
  node: string;
}

/** What a run is in the new graph; with `node` left out it is at the node of the same name. A step that waits stays at its node. */
export interface MigratedRun<S> {
  state: S;
  node?: string;
}

/** The same for the same run: it is asked once, and its answer is part of the history. */
export type Migrate<From, To> = (run: StandingRun<From>) => MigratedRun<To>;

/** How runs go on with a graph that are pinned to another one: as they stand, or as `migrate` says. */
export type TakeOver<G> = { old?: undefined } | { old: G; migrate: Migrate<unknown, object> };

const PIN = /^([a-z][a-z0-9_-]{0,63})@[1-9][0-9]{0,9}#[0-9a-f]{16}$/;

/** The graphs that one takes runs over from, by their pins, while it is declared. */
export interface TakeOvers<G> {
  readonly all: ReadonlyMap<string, TakeOver<G>>;
  compatibleWith(pin: string): void;
  migrateFrom<From, To>(old: G, migrate: Migrate<From, To>): void;
}

/** Of the graph of this name; a pin of another one is refused, because a run keeps the name of what it runs. */
export function createTakeOvers<G extends { pin: string }>(name: string): TakeOvers<G> {
  const all = new Map<string, TakeOver<G>>();
  const add = (pin: string, takeOver: TakeOver<G>): void => {
    const [, named] = PIN.exec(pin) ?? [];
    if (named !== name)
      throw new Error(`graph ${name} cannot take runs over from "${pin}", which is not a pin ${name}@version#hash`);
    if (all.has(pin)) throw new Error(`graph ${name} says twice how it takes runs over from ${pin}`);
    all.set(pin, takeOver);
  };
  return {
    all,
    compatibleWith: (pin) => add(pin, {}),
    migrateFrom: (old, migrate) => add(old.pin, { old, migrate: migrate as Migrate<unknown, object> }),
  };
}
