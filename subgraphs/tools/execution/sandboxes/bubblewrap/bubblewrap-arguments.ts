import type { Network } from "@soma/sdk/define-tool";
import type { View } from "../view.ts";
import type { KernelFiles } from "./kernel-files.ts";

/** Where a program may write, in memory, and where it starts. */
const WORK_FOLDER = "/work";
/** Bytes of each folder that can be written. */
const FOLDER_BYTES = "67108864";
/** The number of the pipe that the filter of system calls comes through. */
export const FILTER_FD = 3;

/**
 * The walls as bubblewrap is told of them: namespaces of its own, no right of root, nothing of this machine's files but the view, which
 * cannot be written, a folder in memory to work in, an end with its parent, and the filter.
 */
export function bubblewrapArguments({ shown, links }: View, network: Network, kernel: KernelFiles): string[] {
  return [
    ...["--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try"],
    ...(network === "none" ? ["--unshare-net"] : []),
    ...["--uid", "65534", "--gid", "65534", "--hostname", "sandbox", "--cap-drop", "ALL"],
    ...["--die-with-parent", "--new-session", "--clearenv"],
    ...["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"],
    ...kernel.folders.flatMap((folder) => ["--tmpfs", folder, "--remount-ro", folder]),
    ...kernel.files.flatMap((file) => ["--ro-bind", "/dev/null", file]),
    ...["/tmp", WORK_FOLDER].flatMap((folder) => ["--size", FOLDER_BYTES, "--tmpfs", folder]),
    ...shown.flatMap((path) => ["--ro-bind", path, path]),
    ...links.flatMap(({ at, to }) => ["--symlink", to, at]),
    ...["--remount-ro", "/", "--chdir", WORK_FOLDER, "--seccomp", String(FILTER_FD), "--"],
  ];
}
