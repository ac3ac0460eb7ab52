/** The title of a test that only Linux can run; elsewhere it says so, and the test is told and not counted. */
export function onLinux(title: string): string {
  return process.platform === "linux" ? title : `${title} (not run here: it needs Linux)`;
}
