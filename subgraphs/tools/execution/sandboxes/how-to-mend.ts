import { readFileSync } from "node:fs";

/** What of a machine decides whether it gives walls of the kernel. */
export interface Host {
  platform: string;
  processor: string;
  /** Settings of the kernel, where it has them. */
  unprivilegedClone: string | undefined;
  maxNamespaces: string | undefined;
  appArmor: string | undefined;
}

const PAGE = "docs/operator/sandboxes.md";
const INSTALL =
  "install it (Debian and Ubuntu: apt-get install bubblewrap; Fedora: dnf install bubblewrap; Alpine: apk add bubblewrap)";

export function readHost(): Host {
  return {
    platform: process.platform,
    processor: process.arch,
    unprivilegedClone: read("/proc/sys/kernel/unprivileged_userns_clone"),
    maxNamespaces: read("/proc/sys/user/max_user_namespaces"),
    appArmor: read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
  };
}

/** Why there is no bubblewrap here, with what to do; `said` is what it wrote when it was tried. */
export function whyNoBubblewrap(host: Host, said: string): string {
  const { platform, processor } = host;
  if (platform !== "linux")
    return `bubblewrap needs Linux, and this is ${platform}; run the tools on Linux, such as in a virtual machine`;
  if (said === "NO_PROGRAM") return `there is no bwrap on the PATH; ${INSTALL}`;
  if (said === "NO_FILTER") return `there is no filter of system calls for ${processor}; x64 and arm64 have one`;
  if (!/namespace|uid map|Operation not permitted|Permission denied/i.test(said))
    return `bwrap does not work here: ${said}; ${PAGE} has what it needs`;
  return `this machine forbids user namespaces (${said}); ${mendNamespaces(host)}`;
}

function mendNamespaces({ unprivilegedClone, maxNamespaces, appArmor }: Host): string {
  if (unprivilegedClone === "0") return "allow them: sysctl -w kernel.unprivileged_userns_clone=1";
  if (maxNamespaces === "0") return "allow them: sysctl -w user.max_user_namespaces=15000";
  if (appArmor === "1")
    return `let AppArmor allow them to bwrap by the profile that stands in ${PAGE}, or to all: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`;
  return `in a container its runtime has to allow them: ${PAGE} says how, for Docker, podman and Kubernetes`;
}

export function whyNoGvisor(): string {
  return "this version has no sandbox of gVisor";
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return undefined;
  }
}
