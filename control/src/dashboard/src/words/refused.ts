/** What a failed call is told as. */
import { NoConnection, Refused } from "@/api/client";
import { words } from ".";
import { answered } from "./answers";

/** The console's own sentence, but for what was asked wrongly: a person did so by an address, and knows no requests. */
export function refusalText(error: Error): string {
  if (error instanceof NoConnection) return words.t("errors.noConnection");
  const names = error instanceof Refused ? namesIn(error) : [];
  return names.length
    ? words.t("errors.address", { names: names.join(words.t("lists.comma")) })
    : answered(error.message);
}

/** The parameters that can't be, where nothing else was wrong. */
function namesIn({ problem }: Refused): string[] {
  if (problem.type !== "invalid-request") return [];
  const names = problem.faults.map(({ file }) => /^query\.(.+)/.exec(file)?.[1]);
  return names.every((name) => name !== undefined) ? [...new Set(names)] : [];
}
