import type { Tool } from "@soma/sdk/define-tool";
import { createRegistry, type Registry } from "./registry.ts";

/** The tools of a project; another list whenever it has changed. */
export type MoreTools = () => readonly Tool[];

/** A registry of the tools that ship and of a project's, which change while calls go on: each call has the tool it began with. */
export function createLiveRegistry(shipped: readonly Tool[], moreTools: MoreTools): Registry {
  let known = moreTools();
  let registry = createRegistry([...shipped, ...known]);
  const current = (): Registry => {
    const now = moreTools();
    if (now !== known) {
      registry = createRegistry([...shipped, ...now]);
      known = now;
    }
    return registry;
  };
  return {
    list: () => current().list(),
    catalog: () => current().catalog(),
    describe: (name) => current().describe(name),
    find: (name) => current().find(name),
    get: (name) => current().get(name),
    checkArgs: (name, args) => current().checkArgs(name, args),
  };
}
