import { expect, it } from "vitest";
import { type Host, whyNoBubblewrap } from "./how-to-mend.ts";

const host: Host = {
  platform: "linux",
  processor: "x64",
  unprivilegedClone: "1",
  maxNamespaces: "15000",
  appArmor: undefined,
};
const FORBIDDEN = "bwrap: setting up uid map: Permission denied";

it("whyNoBubblewrap() says what to do about each reason", () => {
  const table: [Partial<Host>, string, string][] = [
    [{ platform: "darwin" }, "NO_PROGRAM", "needs Linux, and this is darwin"],
    [{}, "NO_PROGRAM", "apt-get install bubblewrap"],
    [{ processor: "riscv64" }, "NO_FILTER", "no filter of system calls for riscv64"],
    [{ unprivilegedClone: "0" }, FORBIDDEN, "sysctl -w kernel.unprivileged_userns_clone=1"],
    [{ maxNamespaces: "0" }, FORBIDDEN, "sysctl -w user.max_user_namespaces=15000"],
    [{ appArmor: "1" }, FORBIDDEN, "kernel.apparmor_restrict_unprivileged_userns=0"],
    [{}, FORBIDDEN, "docs/operator/sandboxes.md says how, for Docker"],
    [{}, "bwrap: Unknown option --size", "Unknown option --size; docs/operator/sandboxes.md"],
  ];
  for (const [changes, said, sentence] of table)
    expect(whyNoBubblewrap({ ...host, ...changes }, said), said).toContain(sentence);
});
