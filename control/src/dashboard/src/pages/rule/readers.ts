import { useKnown } from "@/api/live";

/** How many living schedulers read this settings file. One that was told no other one reads it, too. */
export function useReaders(file: string): number {
  return useKnown().schedulers.filter(
    (one) => one.alive && [null, file].includes(one.state?.config_file ?? null),
  ).length;
}
