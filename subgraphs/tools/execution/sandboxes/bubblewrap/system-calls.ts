/** How the kernel calls a kind of processor, and its numbers of the calls below. */
export interface Processor {
  /** AUDIT_ARCH of the kernel. */
  audit: number;
  /** Numbers from here on are another way in (x32), which no program of ours takes. */
  otherWay?: number;
  denied: readonly number[];
  clone: number;
  clone3: number;
  ioctl: number;
  socket: number;
}

/**
 * Calls that no tool needs and that reach into other processes, into the kernel or out of the walls: name, number on x86_64, number on
 * aarch64 (undefined where it has none). The numbers never change; they are of asm/unistd_64.h and asm-generic/unistd.h.
 */
const DENIED: readonly [string, number, number | undefined][] = [
  ["ptrace", 101, 117],
  ["process_vm_readv", 310, 270],
  ["process_vm_writev", 311, 271],
  ["process_madvise", 440, 440],
  ["pidfd_getfd", 438, 438],
  ["kcmp", 312, 272],
  ["mount", 165, 40],
  ["umount2", 166, 39],
  ["pivot_root", 155, 41],
  ["chroot", 161, 51],
  ["unshare", 272, 97],
  ["setns", 308, 268],
  ["open_tree", 428, 428],
  ["move_mount", 429, 429],
  ["fsopen", 430, 430],
  ["fsconfig", 431, 431],
  ["fsmount", 432, 432],
  ["fspick", 433, 433],
  ["mount_setattr", 442, 442],
  ["io_uring_setup", 425, 425],
  ["io_uring_enter", 426, 426],
  ["io_uring_register", 427, 427],
  ["bpf", 321, 280],
  ["perf_event_open", 298, 241],
  ["userfaultfd", 323, 282],
  ["add_key", 248, 217],
  ["request_key", 249, 218],
  ["keyctl", 250, 219],
  ["init_module", 175, 105],
  ["finit_module", 313, 273],
  ["delete_module", 176, 106],
  ["kexec_load", 246, 104],
  ["kexec_file_load", 320, 294],
  ["name_to_handle_at", 303, 264],
  ["open_by_handle_at", 304, 265],
  ["fanotify_init", 300, 262],
  ["reboot", 169, 142],
  ["swapon", 167, 224],
  ["swapoff", 168, 225],
  ["acct", 163, 89],
  ["quotactl", 179, 60],
  ["quotactl_fd", 443, 443],
  ["syslog", 103, 116],
  ["vhangup", 153, 58],
  ["settimeofday", 164, 170],
  ["clock_settime", 227, 112],
  ["clock_adjtime", 305, 266],
  ["adjtimex", 159, 171],
  ["sethostname", 170, 161],
  ["setdomainname", 171, 162],
  ["lookup_dcookie", 212, 18],
  ["nfsservctl", 180, 42],
  ["mbind", 237, 235],
  ["migrate_pages", 256, 238],
  ["move_pages", 279, 239],
  ["set_mempolicy", 238, 237],
  ["iopl", 172, undefined],
  ["ioperm", 173, undefined],
  ["modify_ldt", 154, undefined],
  ["uselib", 134, undefined],
  ["ustat", 136, undefined],
  ["sysfs", 139, undefined],
  ["_sysctl", 156, undefined],
];

const defined = (numbers: (number | undefined)[]): number[] => numbers.filter((number) => number !== undefined);

/** By the name that Node gives a processor. */
export const PROCESSORS: Readonly<Record<string, Processor>> = {
  x64: {
    audit: 0xc000003e,
    otherWay: 0x40000000,
    denied: DENIED.map(([, number]) => number),
    clone: 56,
    clone3: 435,
    ioctl: 16,
    socket: 41,
  },
  arm64: {
    audit: 0xc00000b7,
    denied: defined(DENIED.map(([, , number]) => number)),
    clone: 220,
    clone3: 435,
    ioctl: 29,
    socket: 198,
  },
};
