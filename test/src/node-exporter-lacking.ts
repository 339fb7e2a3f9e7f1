/** What node_exporter tells and host() does not, with the reason. node-exporter-judge.test.ts fails for any other name. */
export const LACKING: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  { pattern: /^node_timex_/, why: "the clock's discipline: needs the system call adjtimex, which Node does not have" },
  { pattern: /^node_processes_threads_state$/, why: "would be a file for each thread of the machine" },
  { pattern: /^node_systemd_/, why: "systemd's units: needs D-Bus" },
  { pattern: /^node_selinux_/, why: "not asked for" },
  { pattern: /^node_dmi_info$/, why: "names and serial numbers of the board, mostly root's alone" },
  { pattern: /^node_disk_ata_/, why: "settings of ATA disks" },
  { pattern: /^node_disk_device_mapper_backing_device_info$/, why: "came after 1.10" },
  {
    pattern: /^node_(edac|bonding|btrfs|xfs|zfs|mdadm|md|nfs|nfsd|ipvs|infiniband|fibrechannel|tape|nvme|power_supply|rapl|bcache)_/,
    why: "kinds of hardware and file systems for which there is no collector",
  },
];
