/** What one process may use, whatever its walls. */
const DATA_KILOBYTES = 1_048_576;
const FILE_BLOCKS = 131_072;
const OPEN_FILES = 256;
/** Processes and threads of a sandbox; Node alone has eleven. */
export const MAX_TASKS = 128;

/** Where a shell stands on every system that has one; an image without gives its limits by itself. */
export const SHELL = "/bin/sh";

/**
 * A command that joins groups, lowers its limits and becomes the program: by a shell, because Node cannot do so between fork and
 * exec. Data and not address space is limited: V8 and WebAssembly reserve far more than they use. Of the shell's own words in the
 * environment none is left.
 */
const JOIN = 'n=$1; shift; while [ "$n" -gt 0 ]; do echo $$ > "$1" || exit 125; shift; n=$((n-1)); done';
const LOWER = [
  "ulimit -c 0",
  `ulimit -n ${OPEN_FILES}`,
  `ulimit -f ${FILE_BLOCKS}`,
  `ulimit -d ${DATA_KILOBYTES}`,
].join(" && ");
/** dash and busybox call it p, bash u. It counts by user, so it is for programs that have their own. */
const LOWER_TASKS = `ulimit -p ${MAX_TASKS} 2>/dev/null || ulimit -u ${MAX_TASKS} 2>/dev/null || exit 125`;
const BECOME = 'unset PWD OLDPWD SHLVL; exec "$@"';

type Command = readonly string[];

/** The command in its groups, which are files that its process writes its number to. */
export function joining(groups: readonly string[], command: Command): string[] {
  if (groups.length === 0) return [...command];
  return [SHELL, "-c", `${JOIN}; ${BECOME}`, "sh", String(groups.length), ...groups, ...command];
}

/** The command under limits of each process; with `ownTasks` also of their number, where the user is the program's alone. */
export function limited(command: Command, { ownTasks }: { ownTasks: boolean }): string[] {
  const lower = ownTasks ? `${LOWER} || exit 125; ${LOWER_TASKS}` : `${LOWER} || exit 125`;
  return [SHELL, "-c", `${lower}; ${BECOME}`, "sh", ...command];
}
