import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { vi } from "vitest";

/** What a command prints of what the installation's program answers, what that was asked, and what it fails with. */
export async function tellOf(folder: string, answer: object, command: (program: string) => Promise<void>) {
  const [program, asked] = [join(folder, "program.ts"), join(folder, "asked.json")];
  await writeFile(
    program,
    `import { writeFileSync } from "node:fs";
      writeFileSync(${JSON.stringify(asked)}, JSON.stringify(process.argv.slice(2)));
      console.log(${JSON.stringify(JSON.stringify(answer))});`,
  );
  let said = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    said += text;
    return true;
  });
  const failed = await command(program).catch((error: unknown) => error);
  return { said, failed, args: JSON.parse(await readFile(asked, "utf8")) as unknown };
}
