import type { ProjectState } from "@soma/runs/project-state";
import { createSilentLog } from "@soma/shared/log";
import { loadProject } from "../project/open-project.ts";

/**
 * A process that loads a project, for tests: modules are loaded by Node itself here. It prints what the project is, looks
 * once more for each line it reads, and prints what that said and what the project is then.
 */
const print = (value: object): boolean => process.stdout.write(`${JSON.stringify(value)}\n`);
const toPrinted = ({ files, ...state }: ProjectState) => ({ ...state, files: Object.fromEntries(files) });
const said: string[] = [];
const dir = process.argv[2] ?? "";

try {
  const project = await loadProject(dir, { log: createSilentLog(), say: (line) => said.push(line) });
  const tell = (): boolean =>
    print({
      said: said.splice(0),
      is: project.describe(),
      state: toPrinted(project.state()),
      pins: project.graphs.pins().filter((pin) => !pin.startsWith("assistant@")),
      answers: project.graphs.list().map((graph) => graph.answer(graph.initial())),
      tools: project.tools().map(({ description }) => description),
    });
  tell();
  for await (const _line of process.stdin.setEncoding("utf8")) {
    await project.look();
    await project.look();
    tell();
  }
} catch (error) {
  print({ failed: error instanceof Error ? error.message : String(error) });
}
