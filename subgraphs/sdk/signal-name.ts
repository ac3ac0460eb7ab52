const SIGNAL_NAME = /^[a-z][a-z0-9_.-]{0,63}$/;

/** Why a signal can have no such name; undefined when it can. A step that waited for one would wait for ever. */
export function signalNameFault(name: string): string | undefined {
  if (SIGNAL_NAME.test(name)) return undefined;
  return `the signal name "${name.slice(0, 80)}" is not 1 to 64 of a-z, 0-9, _, . and -, a letter first`;
}
