/**
 * The program of the guard: is told which process groups run (`+pid`) and which have ended (`-pid`), one a line. When its
 * stdin ends, whoever started it is gone, and it kills what still runs.
 */
const running = new Set<number>();
let text = "";

process.stdin.setEncoding("utf8").on("data", (part: string) => {
  const lines = (text + part).split("\n");
  text = lines.pop() ?? "";
  for (const line of lines) {
    if (line.startsWith("+")) running.add(Number(line.slice(1)));
    else running.delete(Number(line.slice(1)));
  }
});
process.stdin.on("end", killAll).on("error", killAll);

function killAll(): void {
  for (const pid of running) {
    for (const target of [-pid, pid]) {
      try {
        process.kill(target, "SIGKILL");
      } catch {
        // It has ended already, or the system has no process groups.
      }
    }
  }
  process.exit();
}
