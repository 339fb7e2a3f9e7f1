/**
 * The metrics that "Node Exporter Full" queries, the dashboard 1860 of grafana.com, in its panels and variables. Names only, as of the middle of 2025
 * (116 panels); taken from a list of its queries, so it may lack one or the other.
 */
export const DASHBOARD_1860: readonly string[] = [
  ...group(
    "node",
    "arp_entries boot_time_seconds context_switches_total entropy_available_bits forks_total interrupts_total intr_total load1 load5 load15 time_seconds uname_info",
  ),
  ...group("node_cpu", "seconds_total guest_seconds_total scaling_frequency_hertz scaling_frequency_max_hertz scaling_frequency_min_hertz"),
  ...group("node_cooling_device", "cur_state max_state"),
  ...group(
    "node_disk",
    "reads_completed_total writes_completed_total read_bytes_total written_bytes_total io_time_seconds_total io_time_weighted_seconds_total io_now " +
      "read_time_seconds_total write_time_seconds_total reads_merged_total writes_merged_total discard_time_seconds_total discards_completed_total " +
      "discards_merged_total",
  ),
  ...group("node_filefd", "allocated maximum"),
  ...group("node_filesystem", "avail_bytes free_bytes size_bytes files files_free readonly device_error"),
  ...group("node_hwmon", "chip_names temp_celsius temp_crit_alarm_celsius temp_crit_celsius temp_crit_hyst_celsius temp_max_celsius"),
  ...group(
    "node_memory",
    "Active_anon_bytes Active_bytes Active_file_bytes AnonHugePages_bytes AnonPages_bytes Bounce_bytes Buffers_bytes Cached_bytes CommitLimit_bytes " +
      "Committed_AS_bytes DirectMap1G_bytes DirectMap2M_bytes DirectMap4k_bytes Dirty_bytes HardwareCorrupted_bytes HugePages_Free HugePages_Rsvd " +
      "HugePages_Surp HugePages_Total Hugepagesize_bytes Inactive_anon_bytes Inactive_bytes Inactive_file_bytes KernelStack_bytes Mapped_bytes " +
      "MemAvailable_bytes MemFree_bytes MemTotal_bytes Mlocked_bytes NFS_Unstable_bytes PageTables_bytes Percpu_bytes SReclaimable_bytes SUnreclaim_bytes " +
      "ShmemHugePages_bytes ShmemPmdMapped_bytes Shmem_bytes Slab_bytes SwapCached_bytes SwapFree_bytes SwapTotal_bytes Unevictable_bytes " +
      "VmallocChunk_bytes VmallocTotal_bytes VmallocUsed_bytes WritebackTmp_bytes Writeback_bytes",
  ),
  ...group("node_netstat_Icmp", "InErrors InMsgs OutMsgs"),
  ...group("node_netstat_Ip", "Forwarding"),
  ...group("node_netstat_IpExt", "InOctets OutOctets"),
  ...group("node_netstat_Tcp", "ActiveOpens CurrEstab InErrs InSegs MaxConn OutRsts OutSegs PassiveOpens RetransSegs"),
  ...group("node_netstat_TcpExt", "ListenDrops ListenOverflows SyncookiesFailed SyncookiesRecv SyncookiesSent TCPOFOQueue TCPRcvQDrop TCPSynRetrans"),
  ...group("node_netstat_Udp", "InDatagrams InErrors NoPorts OutDatagrams RcvbufErrors SndbufErrors"),
  ...group("node_netstat_UdpLite", "InErrors"),
  ...group(
    "node_network",
    "carrier mtu_bytes receive_bytes_total receive_compressed_total receive_drop_total receive_errs_total receive_fifo_total receive_frame_total " +
      "receive_multicast_total receive_packets_total speed_bytes transmit_bytes_total transmit_carrier_total transmit_colls_total " +
      "transmit_compressed_total transmit_drop_total transmit_errs_total transmit_fifo_total transmit_packets_total transmit_queue_length up",
  ),
  ...group("node_nf_conntrack", "entries entries_limit"),
  ...group("node_power_supply", "online"),
  ...group(
    "node_pressure",
    "cpu_waiting_seconds_total io_stalled_seconds_total io_waiting_seconds_total memory_stalled_seconds_total memory_waiting_seconds_total",
  ),
  ...group("node_processes", "max_processes max_threads pids state threads"),
  ...group("node_procs", "blocked running"),
  ...group("node_schedstat", "running_seconds_total timeslices_total waiting_seconds_total"),
  ...group("node_scrape_collector", "duration_seconds success"),
  ...group(
    "node_sockstat",
    "FRAG_inuse FRAG_memory RAW_inuse TCP_alloc TCP_inuse TCP_mem TCP_mem_bytes TCP_orphan TCP_tw UDPLITE_inuse UDP_inuse UDP_mem UDP_mem_bytes sockets_used",
  ),
  ...group("node_softnet", "dropped_total processed_total times_squeezed_total"),
  ...group("node_systemd", "socket_accepted_connections_total units"),
  ...group("node_tcp", "connection_states"),
  ...group("node_textfile", "scrape_error"),
  ...group(
    "node_timex",
    "estimated_error_seconds frequency_adjustment_ratio loop_time_constant maxerror_seconds offset_seconds sync_status tai_offset_seconds tick_seconds",
  ),
  ...group("node_vmstat", "oom_kill pgfault pgmajfault pgpgin pgpgout pswpin pswpout"),
  ...group("process", "cpu_seconds_total max_fds open_fds resident_memory_max_bytes virtual_memory_bytes virtual_memory_max_bytes"),
];

/** What host() and process() do not tell of it, and why. */
export const NOT_SERVED: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  { pattern: /^node_timex_/, why: "the clock's discipline: needs the system call adjtimex, which Node does not have" },
  { pattern: /^node_systemd_/, why: "systemd's units: needs D-Bus" },
  { pattern: /^node_tcp_connection_states$/, why: "off in node_exporter, too" },
  { pattern: /^node_interrupts_total$/, why: "off in node_exporter, too: a series for each interrupt and CPU" },
  { pattern: /^node_netstat_Tcp_MaxConn$/, why: "left out by node_exporter, too: it is -1" },
  { pattern: /^process_resident_memory_max_bytes$/, why: "not told by node_exporter, either" },
  { pattern: /^process_virtual_memory_max_bytes$/, why: "the limit of address space, which no service sets" },
  { pattern: /^node_power_supply_/, why: "batteries" },
  { pattern: /^node_textfile_/, why: "metrics from files" },
];

function group(prefix: string, names: string): string[] {
  return names.split(" ").map((name) => `${prefix}_${name}`);
}
