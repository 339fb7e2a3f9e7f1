import type { HostPart } from "./part.ts";

/** `node_entropy_available_bits` and `node_entropy_pool_size_bits`. */
export const entropy: HostPart = {
  name: "entropy",
  open({ readings, proc }) {
    const files = [
      { file: proc("sys/kernel/random/entropy_avail"), series: readings.gauge("node_entropy_available_bits", "Entropy at hand, in bits.") },
      { file: proc("sys/kernel/random/poolsize"), series: readings.gauge("node_entropy_pool_size_bits", "Size of the entropy pool, in bits.") },
    ];
    return () => {
      for (const { file, series } of files) series.set(file.read().uint());
    };
  },
};
